"""allowed.py UNIT TRACE BINARY: whether all that the binary called, as strace wrote it down, is what the unit's sandbox lets through."""

import re
import subprocess
import sys


def group(name):
    """The calls of a group, those of the groups within it included."""
    told = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True).stdout
    calls = set()
    for line in told.splitlines()[1:]:
        line = line.strip()
        if line.startswith("@"):
            calls |= group(line)
        elif line and not line.startswith("#"):
            calls.add(line)
    return calls


def members(words):
    """The calls that words name, by themselves or by group."""
    calls = set()
    for word in words:
        calls |= group(word) if word.startswith("@") else {word}
    return calls


def settings(unit, name):
    return re.findall(rf"^{name}=(.*)$", unit, re.MULTILINE)


unit, trace, binary = open(sys.argv[1]).read(), open(sys.argv[2], errors="replace").read().splitlines(), sys.argv[3]
filters = settings(unit, "SystemCallFilter")
allowed = set()
for line in filters:
    if line.startswith("~"):
        allowed -= members(line[1:].split())
    else:
        allowed |= members(line.split())
begin = next(at for at, line in enumerate(trace) if f'execve("{binary}"' in line and line.endswith(" = 0"))
lines = trace[begin:]
calls = set()
for line in lines:
    found = re.match(r"\d+\s+(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed)", line)
    if found:
        calls.add(found[1])
problems = [f"it calls {call}" for call in sorted(calls - allowed)]
if "MemoryDenyWriteExecute=yes" in unit:
    # A page that can be written and run at once, or one made to run that was not mapped from a file so.
    problems += [line for line in lines if re.search(r"(mmap|mprotect)\(.*PROT_WRITE\|PROT_EXEC", line)]
    problems += [line for line in lines if re.search(r"mprotect\(.*PROT_EXEC", line)]
families = set(" ".join(settings(unit, "RestrictAddressFamilies")).split())
spoken = {found[1] for line in lines if (found := re.search(r"\ssocket(?:pair)?\((AF_\w+)", line))}
problems += [f"it speaks {family}" for family in sorted(spoken - families)]
# A trace that has missed the server proves nothing.
for needed in ("pwrite64", "fdatasync", "accept4", "epoll_wait", "clone3", "setsockopt"):
    if needed not in calls:
        problems.append(f"the trace has no {needed}: is it the server's?")
if not filters or not families:
    problems.append("the unit restricts no calls or no addresses")
print("\n".join(problems) if problems else f"packages: {len(calls)} system calls are used, {len(allowed)} are allowed")
sys.exit(bool(problems))
