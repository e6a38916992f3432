#!/usr/bin/env python3
"""Compares two shared objects with the libddwaf 2.x ABI on random configurations and inputs, answer by answer.

usage: rulesets.py ENGINE.so [--evaluations N] [--seed S] [--only] [--seconds T] [--save FILE] [--reference FILE.so]

Every seed is a program (grammar.py): configurations added, updated and removed, instances built, contexts and subcontexts evaluated. Both engines
carry it out in one process; return codes, whole results, diagnostics, paths, known addresses and actions, and what is asked of allocators are
compared (program.py). The reference engine is taken from the PyPI wheel of ddtrace; where it is not to be had the program says so and ends with status
3. Where both have crashed, or one, the seed is named and the next one starts a new process. Each difference is reduced and printed, with --save also as
a line in the format of tests/vectors/engine.jsonl, answered by the reference. It stops by itself after N evaluations or T seconds; the exit
status is 1 if there was a difference or a crash. --only plays the one seed and prints its program.
"""
import argparse
import json
import multiprocessing
import pprint
import sys
import time

from engine import Engine
from grammar import Grammar
from program import Duel
from record import vector
from reduce import reduce
from reference import reference

REPORT = 2.0
STUCK = 120.0


def work(pipe, seed, arguments, oracle):
    """Runs seeds in turn, announcing each before it starts."""
    duel = Duel(Engine(oracle), Engine(arguments.engine))
    while True:
        pipe.send(("seed", seed, duel.evaluations, duel.matches, duel.instances))
        program = Grammar(seed).program()
        difference = duel.play(program)
        if difference:
            kind = difference[0]
            program = reduce(program, lambda candidate: (duel.play(candidate) or [""])[0] == kind)
            pipe.send(("difference", seed, program, duel.play(program) or difference, vector(duel, f"seed {seed}", program)))
        seed += 1


def show(seed, program, difference):
    print(f"seed {seed}: {difference[0]} differs\n{pprint.pformat(program, width=150)}\n  expected {difference[1]!r:.3000}\n  got      {difference[2]!r:.3000}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine")
    parser.add_argument("--evaluations", type=int, default=3000)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="store_true")
    parser.add_argument("--save")
    parser.add_argument("--reference")
    arguments = parser.parse_args()
    oracle = arguments.reference or reference()
    if not oracle:
        return 3
    if arguments.only:
        program = Grammar(arguments.seed).program()
        pprint.pprint(program, width=150)
        difference = Duel(Engine(oracle), Engine(arguments.engine)).play(program)
        print(difference or "no difference")
        return bool(difference)

    seed, start, shown = arguments.seed, time.monotonic(), time.monotonic()
    failures, done, now = 0, [0, 0, 0], [0, 0, 0]
    while sum(x[0] for x in (done, now)) < arguments.evaluations and time.monotonic() - start < arguments.seconds:
        mine, theirs = multiprocessing.Pipe()
        worker = multiprocessing.Process(target=work, args=(theirs, seed, arguments, oracle), daemon=True)
        worker.start()
        theirs.close()
        heard = time.monotonic()
        try:
            while done[0] + now[0] < arguments.evaluations and time.monotonic() - start < arguments.seconds:
                if not mine.poll(1.0):
                    if time.monotonic() - heard > STUCK:
                        failures += 1
                        print(f"seed {seed}: no answer for {STUCK} s", flush=True)
                        break
                    continue
                message, heard = mine.recv(), time.monotonic()
                if message[0] == "seed":
                    seed, now = message[1], list(message[2:])
                else:
                    failures += 1
                    show(*message[1:4])
                    if arguments.save:
                        with open(arguments.save, "a") as file:
                            file.write(json.dumps(message[4], ensure_ascii=False) + "\n")
                if time.monotonic() - shown > REPORT:
                    shown = time.monotonic()
                    print(f"seed {seed}: {done[0] + now[0]} evaluations, {failures} differences", flush=True)
            worker.kill()
        except EOFError:
            failures += 1
            worker.join()
            print(f"seed {seed}: the process ended with {worker.exitcode}", flush=True)
        worker.join()
        done, now, seed = [a + b for a, b in zip(done, now)], [0, 0, 0], seed + 1
    evaluations, matches, instances = (a + b for a, b in zip(done, now))
    print(f"{evaluations} evaluations ({matches} matches) of {instances} instances, {failures} differences")
    return 1 if failures or not evaluations else 0


if __name__ == "__main__":
    sys.exit(main())
