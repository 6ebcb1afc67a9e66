select coalesce(k.name, 'elsewhere') as country, s.spent
from {{ ref('spending') }} s left join {{ ref('countries') }} k on k.code = s.country
