-- What `warehouse watch` saw, look by look, and which mails told of it.

create table audit.watch (
    look_id bigint primary key,
    run_id uuid not null unique references audit.run,
    looked_at timestamptz not null
);
comment on table audit.watch is 'Append-only. One row a look of the watch, numbered from 1: also where nothing was to be seen.';

create table audit.alarm_seen (
    look_id bigint not null references audit.watch,
    alarm_code text not null,
    form_code text not null default '',
    period_key text not null default '',
    level text not null check (level in ('info', 'warning', 'critical')),
    params jsonb not null,
    text_vi text not null,
    text_en text not null,
    primary key (look_id, alarm_code, form_code, period_key)
);
comment on table audit.alarm_seen is
'Append-only. One row an alarm and look: an alarm stands as long as every look sees it. form_code and period_key are empty for an alarm of the warehouse itself.';

create table audit.alarm_mail (
    mail_id bigint primary key,
    look_id bigint not null references audit.watch,
    recipient text not null,
    outcome text not null check (outcome in ('sent', 'failed')),
    reason_code text,
    begun integer not null,
    ended integer not null,
    message_id text not null,
    recorded_at timestamptz not null,
    check ((outcome = 'failed') = (reason_code is not null))
);
create index on audit.alarm_mail (recipient, mail_id);
comment on table audit.alarm_mail is
'Append-only. One row a mail tried. Sent: the recipient knows what the look saw. begun and ended: how many alarms it told.';
comment on column audit.alarm_mail.recipient is 'First 16 hex digits of the SHA-256 of the address in lower case: an address may hold a person''s name.';

create view audit.alarm as
with seen as (
    select
        s.*,
        s.look_id - row_number() over (partition by s.alarm_code, s.form_code, s.period_key order by s.look_id) as island
    from audit.alarm_seen as s
),

spans as (
    select
        alarm_code,
        form_code,
        period_key,
        min(look_id) as first_look,
        max(look_id) as last_look,
        (array_agg(level order by look_id desc))[1] as level,
        (array_agg(params order by look_id desc))[1] as params,
        (array_agg(text_vi order by look_id desc))[1] as text_vi,
        (array_agg(text_en order by look_id desc))[1] as text_en
    from seen
    group by alarm_code, form_code, period_key, island
),

told as (
    select
        s.*,
        (
            select min(m.recorded_at)
            from audit.alarm_mail as m
            where m.outcome = 'sent' and m.look_id between s.first_look and s.last_look
        ) as mailed_at,
        (
            select min(m.recorded_at)
            from audit.alarm_mail as m
            where m.outcome = 'sent' and m.look_id > s.last_look
        ) as next_mailed_at
    from spans as s
)

select
    t.alarm_code,
    nullif(t.form_code, '') as form_code,
    nullif(t.period_key, '') as period_key,
    t.level,
    f.looked_at as first_seen_at,
    e.looked_at as last_seen_at,
    n.looked_at as ended_at,
    t.text_vi,
    t.text_en,
    t.params,
    t.mailed_at,
    case when t.mailed_at is not null then t.next_mailed_at end as end_mailed_at
from told as t
inner join audit.watch as f on t.first_look = f.look_id
inner join audit.watch as e on t.last_look = e.look_id
left join audit.watch as n on t.last_look + 1 = n.look_id;
comment on view audit.alarm is
'One row an alarm, from the look that first saw it to the first that did not (ended_at null: it stands). level, texts and params as last seen. mailed_at: a mail first told it to a recipient; end_mailed_at: that it had ended.';
