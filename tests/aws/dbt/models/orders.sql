{{ config(materialized='table', format='parquet', partitioned_by=['at']) }}
select id, customer, cast(amount as decimal(10,2)) as amount, at from {{ ref('raw_orders') }}
