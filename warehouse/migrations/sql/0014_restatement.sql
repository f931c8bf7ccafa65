-- What each publication changed against the one before it: a row a mart's row, with the cells that changed, and a row a cell to read.

create table audit.restated (
    publication_id bigint primary key references audit.publication,
    previous_publication_id bigint not null references audit.publication (publication_id),
    row_count bigint not null,
    recorded_at timestamptz not null
);
comment on table audit.restated is 'The publications that were compared with the one before them. The event `restated` covers their rows with a digest.';

create table audit.restated_row (
    publication_id bigint not null references audit.restated,
    mart text not null,
    key text[] not null,
    old jsonb not null,
    new jsonb not null,
    cause text not null check (
        cause in ('submission', 'withdrawal', 'target', 'reference', 'code', 'rule', 'calendar', 'rollback')
    ),
    submission_id uuid,
    primary key (publication_id, mart, key)
);
comment on table audit.restated_row is
'A row of a published mart that changed: its key, and the cells that changed with their text before and after (null: unknown, or no such row).';

create view audit.restatement as
select
    r.publication_id,
    s.previous_publication_id,
    r.mart,
    r.key,
    c.column_name,
    r.old ->> c.column_name as old_value,
    r.new ->> c.column_name as new_value,
    r.cause,
    r.submission_id
from audit.restated_row as r
inner join audit.restated as s on r.publication_id = s.publication_id
cross join lateral jsonb_object_keys(r.new) as c (column_name);
comment on view audit.restatement is
'Every published figure whose value changed between two publications: mart, key (in the order of the mart''s primary key), column, before, '
'after, cause, and the submission it comes from where there is one. Household rows are not in it. Played over the first publication it '
'gives the last one, cell for cell.';
