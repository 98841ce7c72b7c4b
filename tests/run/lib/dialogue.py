#!/usr/bin/python3
"""dialogue.py SECONDS [--expect REGEX | --answer TEXT]... -- COMMAND...

Runs the command on a pseudo-terminal, as an operator would: waits for each REGEX (after the last match), types each TEXT with
Return. Prints all that the terminal showed, and ends with the command's exit status; with 99 when an expectation is not met.
"""
import os
import pty
import re
import select
import sys
import time


class Dialogue:
    def __init__(self, command, seconds):
        self.deadline = time.monotonic() + seconds
        self.seen = b""
        self.at = 0
        self.ended = False
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], command)

    def read_some(self):
        left = self.deadline - time.monotonic()
        if left <= 0:
            self.fail("the time is up")
        if not select.select([self.terminal], [], [], left)[0]:
            return
        try:
            got = os.read(self.terminal, 4096)
        except OSError:  # EIO: the other side has closed
            got = b""
        self.ended = not got
        self.seen += got

    def expect(self, regex):
        while True:
            found = re.compile(regex.encode()).search(self.seen, self.at)
            if found:
                self.at = found.end()
                return
            if self.ended:
                self.fail("the command ended without showing: " + regex)
            self.read_some()

    def answer(self, text):
        os.write(self.terminal, text.encode() + b"\n")

    def finish(self):
        while not self.ended:
            self.read_some()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def show(self):
        sys.stdout.write(self.seen.decode(errors="replace").replace("\r\n", "\n"))
        sys.stdout.flush()

    def fail(self, why):
        self.show()
        print("\n*** dialogue:", why)
        os.kill(self.pid, 9)
        os._exit(99)


def main():
    words = sys.argv[1:]
    dash = words.index("--")
    dialogue = Dialogue(words[dash + 1:], float(words[0]))
    for kind, text in zip(words[1:dash:2], words[2:dash:2]):
        {"--expect": dialogue.expect, "--answer": dialogue.answer}[kind](text)
    status = dialogue.finish()
    dialogue.show()
    sys.exit(status)


main()
