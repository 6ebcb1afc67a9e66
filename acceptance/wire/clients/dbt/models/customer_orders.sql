{{ config(materialized='table', indexes=[{'columns': ['id']}]) }}
select c.id, c.name, c.country, count(o.id) as orders, sum(o.amount) as spent
from {{ source('shop', 'customers') }} c
left join {{ source('shop', 'orders') }} o on o.customer_id = c.id
group by 1, 2, 3
