select * from (select h, i, max(a) m from t group by h, i) x left join u on x.h = u.h and u.i like '2024%' where x.i = '2024-01-02' and (u.j is null or u.j % 2 = 1) and substr(x.i, 1, 4) = '2024'
