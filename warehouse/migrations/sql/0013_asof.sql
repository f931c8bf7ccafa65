-- As-of builds stand in schemas of their own until somebody drops them.

alter table audit.build drop constraint build_state_check;
alter table audit.build add constraint build_state_check
check (state in ('building', 'built', 'checked', 'failed', 'published', 'replaced', 'dropped'));
comment on table audit.build is
'One row a dbt build: in which schemas (a colour, or asof_<moment>), known at what moment, from what inputs. The newest row of a name describes what stands there.';
