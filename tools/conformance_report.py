#!/usr/bin/env python3
"""Prints pass/total of JUnit reports, and why the others fail.

Use: conformance_report.py REPORT_DIR SUITE... ; a failure is "unimplemented" when the server answered
NotImplemented, else its last line, with names and numbers removed, is the reason.
"""
import collections
import re
import sys
import xml.etree.ElementTree as ET


# Parts of a suite that are counted on their own: the first pattern found in "file::name".
PARTS = {"glue": [("jobs, triggers, registry and others", "trigger|predicate|crawler_args"),
                  ("crawlers", "crawl|filter_operator|filter_field|use_ordered|multiple_filters"),
                  ("partitions", "partition"),
                  ("catalogue", "test_datacatalog|encryption_settings|resource_policy"),
                  ("jobs, triggers, registry and others", "")],
         # Results put in beforehand and asked for by ids that never were; texts that are no SQL ("query1") or name
         # nothing ("SELECT stuff") and are expected to run.
         "athena": [("canned results", "set_(multiple_)?athena_result|::test_get_query_results"),
                    ("texts that no engine runs",
                     "::test_start_query_execution|::test_list_query_executions|statistics_with_execution_id"
                     r"|::test_get_query_execution\[|::test_stop_query_execution"),
                    ("capacity reservations", "capacity_reservations::"),
                    ("another service's tagging", "resourcegroupstagging"),
                    ("the service", "")]}


def part(suite, case):
    where = case.get("classname", "").split(".")[-1] + "::" + case.get("name")
    return next((name for name, pattern in PARTS.get(suite, []) if re.search(pattern, where)), None)


def print_parts(counts):
    for name, (passed, total) in counts.items():
        print(f"  part: {name}: {passed}/{total}")


def reason(text):
    m = re.search(r"Tarn does not implement (\S+) yet", text)
    if m:
        return "unimplemented: " + m.group(1)
    if "NotImplementedException" in text:
        return "unimplemented: seen as an unexpected error code"
    m = re.search(r"Tarn has no service (named|for the target) '?(\w+)", text)
    if m:
        return "unimplemented: the service " + m.group(2)
    lines = [l for l in text.splitlines() if l.startswith("E  ")] or text.splitlines() or [""]
    return re.sub(r"[0-9a-f]{8,}|'[^']{12,}'|\d+", "*", lines[0][1:].strip())[:150]


def main():
    folder, suites = sys.argv[1], sys.argv[2:]
    for suite in suites:
        passed = total = skipped = 0
        reasons, names = collections.Counter(), collections.defaultdict(list)
        parts = collections.defaultdict(lambda: [0, 0])
        for case in ET.parse(f"{folder}/{suite}.xml").iter("testcase"):
            if case.find("skipped") is not None:
                skipped += 1
                continue
            total += 1
            failure = case.find("failure") if case.find("failure") is not None else case.find("error")
            parts[part(suite, case)][1] += 1
            if failure is None:
                passed += 1
                parts[part(suite, case)][0] += 1
                continue
            why = reason(failure.text or failure.get("message") or "")
            reasons[why] += 1
            names[why].append(case.get("name"))
        unimplemented = sum(n for r, n in reasons.items() if r.startswith("unimplemented"))
        print(f"{suite}: {passed}/{total} pass, {unimplemented} need unimplemented operations, "
              f"{total - passed - unimplemented} other, {skipped} skipped")
        if suite in PARTS:
            print_parts(parts)
        for why, n in reasons.most_common():
            shown = "" if why.startswith("unimplemented") else "  [" + ", ".join(names[why][:6]) + "]"
            print(f"  {n:4} {why}{shown}")


main()
