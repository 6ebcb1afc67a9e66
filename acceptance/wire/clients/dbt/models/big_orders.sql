{{ config(materialized='view') }}
select id, amount, case when amount > 100 then 'big' else 'small' end as size
from {{ source('shop', 'orders') }}
