{{ config(materialized='incremental', unique_key='day', incremental_strategy='delete+insert') }}
select placed_on as day, count(*) as orders, sum(amount) as amount
from {{ source('shop', 'orders') }}
{% if is_incremental() %}
where placed_on >= (select max(day) from {{ this }})
{% endif %}
group by 1
