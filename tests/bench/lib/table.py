#!/usr/bin/env python3
"""Medians, ratios and aims of a bench, for people and for machines.

    table.py RUNS AIMS JSON

RUNS has a line per run:   TABLE <tab> WHO <tab> wall-s <tab> cpu-s <tab> memory-kB <tab> wire-bytes ('-': not known)
AIMS has a line per aim:   TABLE <tab> TEXT <tab> FIELD <tab> WHO <tab> WHO-IT-IS-COMPARED-WITH or a number <tab> ≤ or ≥ <tab> aim
A ratio is WHO's median divided by the other's (or by the number); FIELD is wall, cpu, memory, wire or rate (wire / wall).
"""
import json
import statistics
import sys

FIELDS = ("wall", "cpu", "memory", "wire")


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [line.rstrip("\n").split("\t") for line in lines]


def medians(runs):
    """{table: {who: {field: median}}}, in the order of the runs."""
    values = {}
    for table, who, *figures in runs:
        of = values.setdefault(table, {}).setdefault(who, {field: [] for field in FIELDS})
        for field, figure in zip(FIELDS, figures):
            if figure != "-":
                of[field].append(float(figure))
    for whos in values.values():
        for of in whos.values():
            of["runs"] = len(of["wall"])
            of.update({field: statistics.median(of[field]) if of[field] else None for field in FIELDS})
            of["rate"] = of["wire"] / of["wall"] if of["wire"] else None
    return values


def judge(tables, aim):
    table, text, field, who, other, sign, limit = aim
    rows = tables.get(table, {})
    if who not in rows or rows[who][field] is None:
        return None
    if other in rows:
        divisor = rows[other][field]
    else:
        try:
            divisor = float(other)
        except ValueError:
            return None
    value = rows[who][field] / divisor
    reached = value <= float(limit) if sign == "≤" else value >= float(limit)
    return {"table": table, "what": text, "value": round(value, 3), "aim": f"{sign} {limit}", "reached": reached}


def figure(value, divisor, form):
    return format(value / divisor, form) if value is not None else "-"


def show(tables, aims):
    for table, rows in tables.items():
        print(f"\n{table}\n{'':50}{'wall s':>8}{'CPU s':>8}{'MB sent':>9}{'MB memory':>10}{'runs':>6}")
        for who, of in rows.items():
            print(f"  {who:48}{of['wall']:8.2f}{of['cpu']:8.2f}{figure(of['wire'], 1e6, '.0f'):>9}{figure(of['memory'], 1e3, '.0f'):>10}{of['runs']:6}")
        for aim in (aim for aim in aims if aim["table"] == table):
            print(f"  {aim['what']:60}{aim['value']:8.3g}   aim {aim['aim']}{'' if aim['reached'] else '   missed'}")


def main():
    runs_path, aims_path, json_path = sys.argv[1:]
    tables = medians(read(runs_path))
    aims = [aim for aim in (judge(tables, line) for line in read(aims_path)) if aim]
    show(tables, aims)
    with open(json_path, "w", encoding="utf-8") as out:
        json.dump({"version": 1, "tables": tables, "aims": aims}, out, ensure_ascii=False, indent=1)
        out.write("\n")


main()
