/* Limits for a program that reads what a stranger has written. */
#ifndef REHOST_USED_CONFINE_H
#define REHOST_USED_CONFINE_H

/* For the child of a fork (struct program, in_child): it may not eat all memory, and is the first to go when there is none left. */
int confine(void *unused);

#endif
