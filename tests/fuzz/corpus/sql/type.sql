array(map(varchar(3), decimal(1, 2)))
