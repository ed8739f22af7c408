select * from t where regexp_like(i, '^2024-0[1-3]') and regexp_extract(i, '(\d+)-(\d+)', 2) = '01' or (j between 1 and 5 or j = 9) and date_trunc('month', h) = date '2024-01-01' and year(k) >= 2020
