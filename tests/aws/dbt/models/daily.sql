{{ config(materialized='incremental', incremental_strategy='insert_overwrite', partitioned_by=['day'], format='parquet') }}
select customer, sum(amount) as total, at as day from {{ ref('orders') }}
{% if is_incremental() %} where at >= (select max(day) from {{ this }}) {% endif %}
group by customer, at
