"""Prepared statements and parameters of executions."""

import time

import botocore.exceptions
import pytest

RESULTS = "s3://aws-athena-query-results-000000000000-us-east-1/"


@pytest.fixture(scope="module")
def athena(tarn):
    return tarn.client("athena")


def run(athena, sql, *values, **more):
    started = athena.start_query_execution(QueryString=sql, **({"ExecutionParameters": list(values)} if values else {}),
                                           **more)
    query_id = started["QueryExecutionId"]
    while True:
        execution = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
            return execution
        time.sleep(0.01)


def rows(athena, sql, *values, **more):
    execution = run(athena, sql, *values, **more)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    page = athena.get_query_results(QueryExecutionId=execution["QueryExecutionId"])
    return [[c.get("VarCharValue") for c in r["Data"]] for r in page["ResultSet"]["Rows"]][1:]


def reason(athena, sql, *values):
    execution = run(athena, sql, *values)
    assert execution["Status"]["State"] == "FAILED", sql
    return execution["Status"]["StateChangeReason"]


def refusal(call, **kwargs):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**kwargs)
    return caught.value.response["Error"]


def test_values_of_parameters(athena):
    assert rows(athena, "select ? + 1, ?, typeof(?)", "41", "'it''s'", "DATE '2024-01-02'") == [["42", "it's", "date"]]
    assert rows(athena, "select * from (values 1, 2, 3) t(a) where a > ? order by 1 offset ? limit ?",
                "0", "1", "1") == [["2"]]
    assert rows(athena, "select a from (values 1, 2, 3) t(a) where a in (?, ?) order by -a", "1", "3") == [["3"], ["1"]]
    # a value is one expression, however it is written; operators around it do not reach into it
    assert rows(athena, "select ? * 2", "1 + 2") == [["6"]]
    assert rows(athena, "select ?", "'a' -- ' or 1=1") == [["a"]]


@pytest.mark.parametrize("value,text", [
    ("1 from t", "mismatched input 'from'"),
    ("1, 2", "mismatched input ','"),
    ("a", "EXPRESSION_NOT_CONSTANT: line 1:8: Constant expression cannot contain column references"),
    ('"a"."b"', "cannot contain column references"),
    ("(select 1)", "EXPRESSION_NOT_CONSTANT: line 1:8: Constant expression cannot contain a subquery"),
    ("exists(select 1)", "cannot contain a subquery"),
    ("?", "INVALID_PARAMETER_USAGE"),
    ("'a", "line 1:"),
    ("1; select 2", "mismatched input ';'"),
    ("cast('x' as integer)", "INVALID_CAST_ARGUMENT"),
])
def test_values_that_are_refused(athena, value, text):
    assert text in reason(athena, "select ? from (values (1, 2)) t(a, b)", value)


def test_wrong_number_of_values(athena):
    expected = "INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected 2 but found 1"
    assert reason(athena, "select ?, ?", "1") == expected
    assert reason(athena, "select ?") == expected.replace("2 but found 1", "1 but found 0")
    assert reason(athena, "select 1", "1") == expected.replace("2", "0")
    assert reason(athena, "execute immediate 'select ?, ?' using 1") == expected


def test_error_of_a_value_points_at_its_place(athena):
    assert reason(athena, "select 1,\n  abs(?)", "'a'").startswith("FUNCTION_NOT_FOUND: line 2:3:")
    assert reason(athena, "select 1,\n  ?", "DATE 'x'").startswith("INVALID_LITERAL: line 2:3:")


def test_prepare_execute_deallocate(athena):
    run(athena, "PREPARE add_up FROM SELECT ? + ?, 'it''s'")
    described = athena.get_prepared_statement(StatementName="add_up", WorkGroup="primary")["PreparedStatement"]
    assert described["QueryStatement"] == "SELECT ? + ?, 'it''s'" and described["WorkGroupName"] == "primary"
    execution = run(athena, "EXECUTE add_up USING 40, 2")
    assert execution["Query"] == "EXECUTE add_up USING 40, 2"
    assert (execution["StatementType"], execution["SubstatementType"]) == ("DML", "EXECUTE")
    assert execution["ResultConfiguration"]["OutputLocation"].endswith(".csv")
    assert rows(athena, "EXECUTE add_up USING 40, 2") == [["42", "it's"]]
    assert rows(athena, "execute ADD_UP", "1", "1 + 1") == [["3", "it's"]]
    assert "expected 2 but found 0" in reason(athena, "EXECUTE add_up")
    refused = refusal(athena.start_query_execution, QueryString="EXECUTE add_up USING 1, 2", ExecutionParameters=["1", "2"])
    assert refused["Code"] == "InvalidRequestException"
    assert run(athena, "PREPARE add_up FROM SELECT 7")["Status"]["State"] == "SUCCEEDED"
    assert rows(athena, "EXECUTE add_up") == [["7"]]
    assert run(athena, "DEALLOCATE PREPARE add_up")["Status"]["State"] == "SUCCEEDED"
    refused = refusal(athena.start_query_execution, QueryString="EXECUTE add_up")
    assert refused["Message"] == "PreparedStatement add_up was not found"
    assert "Prepared statement not found: add_up" in reason(athena, "DEALLOCATE PREPARE add_up")
    assert rows(athena, "EXECUTE IMMEDIATE 'SELECT ? || ''!''' USING 'a'") == [["a!"]]
    assert "cannot be an EXECUTE" in refusal(
        athena.start_query_execution, QueryString="EXECUTE IMMEDIATE 'EXECUTE IMMEDIATE ''select 1'''")["Message"]
    assert "Only SELECT" in reason(athena, "PREPARE p FROM EXPLAIN SELECT 1")


def test_operations(athena):
    names = [f"s{i:02}" for i in range(5)]
    for name in names:
        athena.create_prepared_statement(StatementName=name, WorkGroup="primary", QueryStatement="select 1",
                                         Description="one")
    taken = refusal(athena.create_prepared_statement, StatementName="s00", WorkGroup="primary", QueryStatement="select 1")
    assert taken["Code"] == "InvalidRequestException" and "already exists" in taken["Message"]
    assert refusal(athena.create_prepared_statement, StatementName="9x", WorkGroup="primary",
                   QueryStatement="select 1")["Code"] == "InvalidRequestException"
    assert refusal(athena.create_prepared_statement, StatementName="x", WorkGroup="nowhere",
                   QueryStatement="select 1")["Code"] == "InvalidRequestException"
    first = athena.list_prepared_statements(WorkGroup="primary", MaxResults=3)
    second = athena.list_prepared_statements(WorkGroup="primary", MaxResults=3, NextToken=first["NextToken"])
    assert [s["StatementName"] for s in first["PreparedStatements"] + second["PreparedStatements"]] == names
    assert "NextToken" not in second
    athena.update_prepared_statement(StatementName="s01", WorkGroup="primary", QueryStatement="select 2")
    found = athena.batch_get_prepared_statement(PreparedStatementNames=["s01", "none"], WorkGroup="primary")
    assert found["PreparedStatements"][0]["QueryStatement"] == "select 2"
    assert found["PreparedStatements"][0]["Description"] == "one"
    assert found["UnprocessedPreparedStatementNames"][0]["ErrorCode"] == "STATEMENT_NOT_FOUND"
    assert rows(athena, "EXECUTE s01") == [["2"]]
    for name in names:
        athena.delete_prepared_statement(StatementName=name, WorkGroup="primary")
    for call in (athena.get_prepared_statement, athena.delete_prepared_statement):
        gone = refusal(call, StatementName="s01", WorkGroup="primary")
        assert gone["Code"] == "ResourceNotFoundException"
    assert refusal(athena.update_prepared_statement, StatementName="s01", WorkGroup="primary",
                   QueryStatement="select 2")["Code"] == "ResourceNotFoundException"


def test_workgroups_keep_their_own(athena):
    athena.create_work_group(Name="prepared-b", Configuration={
        "ResultConfiguration": {"OutputLocation": RESULTS}})
    athena.create_prepared_statement(StatementName="one", WorkGroup="prepared-b", QueryStatement="select 1")
    assert rows(athena, "EXECUTE one", WorkGroup="prepared-b") == [["1"]]
    assert "was not found" in refusal(athena.start_query_execution, QueryString="EXECUTE one")["Message"]
    assert athena.list_prepared_statements(WorkGroup="primary")["PreparedStatements"] == []
