-- Each mart is two views: what readers name stands in marts or marts_restricted and hardly ever changes; what a switch
-- replaces stands in publication. A query locks the outer view, then switch_lock, then the inner view. So the switch waits
-- in one place, holding nothing: readers inside a transaction have the lock already and go on to other marts freely, new
-- ones wait at the door for a moment, and none can hold what the switch needs next.
create schema publication;
comment on schema publication is 'The views that a publication replaces, all in one transaction. Read marts and marts_restricted instead.';

create table publication.switch_lock (
    is_open boolean primary key default true check (is_open)
);
comment on table publication.switch_lock is 'One row, never changed: every mart reads it, so that a switch can wait for readers without holding a mart.';
insert into publication.switch_lock default values;
