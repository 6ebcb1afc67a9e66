{{ config(materialized='ephemeral') }}
select country, sum(spent) as spent from {{ ref('customer_orders') }} group by 1
