#!/usr/bin/env python3
"""Seed and probe a real, unmodified Redmine 5.0 server over HTTP.

Standard library only; the database is never touched directly.

  redmine-seed.py seed     idempotent demo firm: roles, users, projects,
                           milestones, tasks, time entries with custom fields
  redmine-seed.py probe    exercise the wire: error shapes, paging, change
                           feed, double posts, rights, locking
  redmine-seed.py bench N  throughput of N time entries (default 500)

Connection settings come from the file written by redmine-up.sh
(REDMINE_ENV, default $TMPDIR/redmine-real/redmine.env) or from REDMINE_URL,
REDMINE_API_KEY, REDMINE_USER, REDMINE_PASSWORD.
"""
import base64
import datetime as dt
import html
import http.client
import json
import os
import re
import sys
import threading
import time
import urllib.parse

today = dt.date.today()


class Failure(Exception):

    def __init__(self, status, text):
        super().__init__('HTTP %s: %s' % (status, text[:300]))
        self.status = status
        self.text = text


class Client:
    "one kept-alive connection; JSON in, JSON out"

    def __init__(self, url, key=None, headers=None):
        u = urllib.parse.urlsplit(url)
        self.host, self.port = u.hostname, u.port
        self.headers = dict(headers or {})
        if key:
            self.headers['X-Redmine-API-Key'] = key
        self.connection = None
        self.calls = 0

    def raw(self, verb, path, body=None, headers=None):
        h = dict(self.headers)
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if body is not None:
            h['Content-Type'] = 'application/json'
        h.update(headers or {})
        if isinstance(body, str):
            body = body.encode('utf-8')
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(
                    self.host, self.port, timeout=120)
            try:
                self.connection.request(verb, path, body, h)
                response = self.connection.getresponse()
                break
            except (http.client.RemoteDisconnected, BrokenPipeError,
                    ConnectionResetError):
                # an idle connection was closed; nothing was answered yet
                self.connection.close()
                self.connection = None
                if attempt == 2:
                    raise
        text = response.read().decode('utf-8', 'replace')
        self.calls += 1
        return response.status, response.getheaders(), text

    def call(self, verb, path, body=None, headers=None):
        status, _, text = self.raw(verb, path, body, headers)
        if status >= 300:
            raise Failure(status, text)
        return json.loads(text) if text.strip() else None

    def get(self, path, **query):
        if query:
            path += '?' + urllib.parse.urlencode(query)
        return self.call('GET', path)

    def post(self, path, body, **kw):
        return self.call('POST', path, body, **kw)

    def every(self, path, name, **query):
        "all pages of a list"
        out, offset = [], 0
        while True:
            page = self.get(path, limit=100, offset=offset, **query)
            out += page[name]
            offset += len(page[name])
            if not page[name] or offset >= page['total_count']:
                return out


class Browser(Client):
    "the few administration forms that have no REST counterpart"

    def __init__(self, url, user, password):
        super().__init__(url)
        self.cookies = {}
        token = self.token(self.page('GET', '/login')[1])
        status, text = self.form('/login', token, [
                ('username', user), ('password', password)])
        if status != 302:
            raise Failure(status, 'sign-in failed')

    def page(self, verb, path, body=None, headers=None):
        h = dict(headers or {})
        if self.cookies:
            h['Cookie'] = '; '.join('%s=%s' % i for i in self.cookies.items())
        status, answer, text = self.raw(verb, path, body, h)
        for k, v in answer:
            if k.lower() == 'set-cookie':
                name, value = v.split(';', 1)[0].split('=', 1)
                self.cookies[name] = value
        return status, text

    @staticmethod
    def token(text):
        m = re.search(r'name="authenticity_token" value="([^"]+)"', text)
        if not m:
            raise Failure(0, 'no authenticity_token in the page')
        return html.unescape(m.group(1))

    def form(self, path, token, fields):
        return self.page('POST', path, urllib.parse.urlencode(
                [('authenticity_token', token)] + fields),
            {'Content-Type': 'application/x-www-form-urlencoded'})


def settings():
    out = {}
    path = os.environ.get('REDMINE_ENV') or os.path.join(
        os.environ.get('TMPDIR', '/tmp'), 'redmine-real', 'redmine.env')
    if os.path.exists(path):
        with open(path) as f:
            for line in f:
                line = line.strip()
                if line and not line.startswith('#') and '=' in line:
                    k, v = line.split('=', 1)
                    out[k] = v.strip("'\"")
    for k in ('REDMINE_URL', 'REDMINE_API_KEY', 'REDMINE_USER',
            'REDMINE_PASSWORD'):
        if os.environ.get(k):
            out[k] = os.environ[k]
    missing = [k for k in ('REDMINE_URL', 'REDMINE_API_KEY', 'REDMINE_USER',
            'REDMINE_PASSWORD') if not out.get(k)]
    if missing:
        sys.exit('redmine-seed: no %s; run redmine-up.sh first or set them '
            '(looked in %s)' % (', '.join(missing), path))
    return out


def connect(key=None, headers=None):
    s = settings()
    return Client(s['REDMINE_URL'], key or s['REDMINE_API_KEY'], headers)


def log(text):
    print('  ' + text, flush=True)


# --------------------------------------------------------------------------
# seed
# --------------------------------------------------------------------------

USERS = [('ada', 'Ada', 'Lambert'), ('ben', 'Ben', 'Okafor'),
    ('chi', 'Chi', 'Tanaka'), ('hub', 'Integration', 'Hub')]
PASSWORD = 'redmine-user-1'
PROJECTS = [
    ('p-100', 'Rail timetable review', [('Kick-off', 10), ('Report', 60)],
        [('Discovery', 40), ('Analysis', 80), ('Report', 24)]),
    ('p-200', 'Clinic rollout', [('Go-live', 45)],
        [('Set-up', 60), ('Training', 30)]),
    ]
# name, format, extra form fields
FIELDS = [
    ('TimeEntryCustomField', 'Approved', 'bool', [
            ('custom_field[is_filter]', '1'),
            ('custom_field[default_value]', '0')]),
    ('TimeEntryCustomField', 'Billable', 'bool', [
            ('custom_field[is_filter]', '1'),
            ('custom_field[default_value]', '1')]),
    ('TimeEntryCustomField', 'External id', 'string', [
            ('custom_field[is_filter]', '1'),
            ('custom_field[max_length]', '64')]),
    ('ProjectCustomField', 'ERP customer', 'string', [
            ('custom_field[is_filter]', '1'),
            ('custom_field[regexp]', r'^(C-\d+)?$')]),
    # what the hub itself needs: a key to find its records again by
    ('IssueCustomField', 'Hub key', 'string', [
            ('custom_field[is_filter]', '1'),
            ('custom_field[is_for_all]', '1')] + [
            ('custom_field[tracker_ids][]', t) for t in '123']),
    ('VersionCustomField', 'Hub key', 'string', []),
    ('VersionCustomField', 'Amount', 'float', []),
    ]
# the REST list names the kind of record by its first word
KINDS = {'TimeEntryCustomField': 'time_entry', 'ProjectCustomField': 'project',
    'IssueCustomField': 'issue', 'VersionCustomField': 'version'}


def seed(c):
    s = settings()

    # custom fields: REST can only list them, so the form does it ---------
    def listed():
        return {(f['customized_type'], f['name']): f['id'] for f in c.get(
                '/custom_fields.json')['custom_fields']}
    known = listed()
    todo = [f for f in FIELDS if (KINDS[f[0]], f[1]) not in known]
    if todo:
        b = Browser(s['REDMINE_URL'], s['REDMINE_USER'],
            s['REDMINE_PASSWORD'])
        for kind, name, fmt, extra in todo:
            _, text = b.page('GET', '/custom_fields/new?type=%s'
                '&custom_field%%5Bfield_format%%5D=%s' % (kind, fmt))
            status, text = b.form('/custom_fields', b.token(text), [
                    ('type', kind), ('custom_field[field_format]', fmt),
                    ('custom_field[name]', name),
                    ('custom_field[visible]', '1')] + extra)
            if status != 302:
                found = re.search(r'id="errorExplanation".*?</div>', text,
                    re.S)
                raise Failure(status, 'custom field %s: %s' % (name,
                        re.sub('<[^>]+>', ' ', found.group(0))
                        if found else text[:200]))
        known = listed()
    cf = {name: known[KINDS[kind], name] for kind, name, _, _ in FIELDS
        if kind in ('TimeEntryCustomField', 'ProjectCustomField')}
    log('custom fields %s (%d new)' % (cf, len(todo)))

    # a role for the integration user: log time for other people ----------
    roles = {r['name']: r['id'] for r in c.get('/roles.json')['roles']}
    if 'Integration' not in roles:
        b = Browser(s['REDMINE_URL'], s['REDMINE_USER'],
            s['REDMINE_PASSWORD'])
        _, text = b.page('GET', '/roles/new')
        status, text = b.form('/roles', b.token(text), [
                ('role[name]', 'Integration'), ('role[assignable]', '0'),
                ('role[issues_visibility]', 'all'),
                ('role[users_visibility]', 'all'),
                ('role[time_entries_visibility]', 'all')] + [
                ('role[permissions][]', p) for p in (
                    'view_issues', 'add_issues', 'edit_issues',
                    'view_time_entries', 'log_time', 'edit_time_entries',
                    'log_time_for_other_users', 'manage_versions')])
        if status != 302:
            raise Failure(status, 'role: %s' % text[:200])
        roles = {r['name']: r['id'] for r in c.get('/roles.json')['roles']}
    log('roles %s' % roles)

    # users ---------------------------------------------------------------
    users, keys = {}, {}
    for login, first, last in USERS:
        found = [u for u in c.get('/users.json', name=login)['users']
            if u['login'] == login]
        user = found[0] if found else c.post('/users.json', {'user': {
                    'login': login, 'firstname': first, 'lastname': last,
                    'mail': '%s@example.com' % login,
                    'password': PASSWORD, 'must_change_passwd': False}})[
                        'user']
        users[login] = user['id']
        basic = base64.b64encode(('%s:%s' % (login, PASSWORD)).encode()
            ).decode()
        me = Client(s['REDMINE_URL'], headers={
                'Authorization': 'Basic ' + basic})
        # a person's key is made when it is first asked for
        keys[login] = me.get('/my/account.json')['user']['api_key']
    log('users %s' % users)

    # projects, memberships, milestones, tasks ----------------------------
    trackers = {t['name']: t['id'] for t in c.get('/trackers.json')[
            'trackers']}
    activities = {a['name']: a['id'] for a in c.get(
            '/enumerations/time_entry_activities.json')[
                'time_entry_activities']}
    projects, issues, versions = {}, {}, {}
    have = {p['identifier']: p for p in c.every(
            '/projects.json', 'projects')}
    for n, (code, name, milestones, tasks) in enumerate(PROJECTS):
        project = have.get(code)
        if not project:
            project = c.post('/projects.json', {'project': {
                        'name': name, 'identifier': code,
                        'is_public': False,
                        'enabled_module_names': [
                            'issue_tracking', 'time_tracking'],
                        'tracker_ids': list(trackers.values()),
                        'custom_fields': [{'id': cf['ERP customer'],
                                'value': 'C-%d00' % (n + 1)}]}})['project']
        pid = projects[code] = project['id']
        members = {m['user']['id'] for m in c.every(
                '/projects/%s/memberships.json' % pid, 'memberships')
            if 'user' in m}
        for login in users:
            if users[login] not in members:
                c.post('/projects/%s/memberships.json' % pid, {
                        'membership': {'user_id': users[login], 'role_ids': [
                                roles['Integration' if login == 'hub'
                                    else 'Developer']]}})
        there = {v['name']: v['id'] for v in c.get(
                '/projects/%s/versions.json' % pid)['versions']}
        for title, days in milestones:
            if title not in there:
                there[title] = c.post('/projects/%s/versions.json' % pid, {
                        'version': {'name': title, 'status': 'open',
                            'due_date': (today + dt.timedelta(days)
                                ).isoformat()}})['version']['id']
            versions[code, title] = there[title]
        there = {i['subject']: i['id'] for i in c.every('/issues.json',
                'issues', project_id=pid, status_id='*')}
        for title, hours in tasks:
            if title not in there:
                there[title] = c.post('/issues.json', {'issue': {
                            'project_id': pid, 'subject': title,
                            'tracker_id': trackers['Feature'],
                            'estimated_hours': hours,
                            'fixed_version_id': versions[
                                code, milestones[-1][0]],
                            'assigned_to_id': users['ada']}})['issue']['id']
            issues[code, title] = there[title]
    log('projects %s, milestones %s, tasks %s' % (
            projects, list(versions.values()), list(issues.values())))

    # time entries, found again through their external id -----------------
    hub = connect(keys['hub'])
    made = 0
    for n, (code, task, login, days, hours, approved) in enumerate([
                ('p-100', 'Discovery', 'ada', 9, 7.5, 1),
                ('p-100', 'Discovery', 'ada', 8, 6.0, 1),
                ('p-100', 'Analysis', 'ben', 8, 8.0, 1),
                ('p-100', 'Analysis', 'chi', 7, 4.25, 0),
                ('p-200', 'Set-up', 'ben', 6, 7.0, 1),
                ('p-200', 'Training', 'chi', 5, 3.5, 0)]):
        key = 'seed-%d' % n
        if hub.get('/time_entries.json', **{
                    'cf_%d' % cf['External id']: key})['total_count']:
            continue
        hub.post('/time_entries.json', {'time_entry': {
                    'issue_id': issues[code, task],
                    'user_id': users[login],
                    'spent_on': (today - dt.timedelta(days)).isoformat(),
                    'hours': hours, 'activity_id': activities['Development'],
                    'comments': 'seed %d' % n,
                    'custom_fields': [
                        {'id': cf['Approved'], 'value': str(approved)},
                        {'id': cf['Billable'], 'value': '1'},
                        {'id': cf['External id'], 'value': key}]}})
        made += 1
    total = c.get('/time_entries.json', limit=1)['total_count']
    log('time entries: %d new, %d in all' % (made, total))
    c.calls += hub.calls
    return {'fields': cf, 'users': users, 'keys': keys,
        'projects': projects, 'activities': activities,
        'issues': {'%s %s' % k: v for k, v in issues.items()},
        'versions': {'%s %s' % k: v for k, v in versions.items()}}


# --------------------------------------------------------------------------
# probe
# --------------------------------------------------------------------------

def probe(c, ids):
    s = settings()
    url = s['REDMINE_URL']
    state = {'n': 0, 'bad': 0}

    def check(name, ok, seen=''):
        state['n'] += 1
        state['bad'] += not ok
        text = seen if isinstance(seen, str) else json.dumps(
            seen, default=str, ensure_ascii=False)
        print('%-4s %-46s %s' % ('ok' if ok else 'FAIL', name,
                ' '.join(text.split())[:420]), flush=True)

    def note(name, seen):
        "something worth seeing that depends on timing or is no verdict"
        text = seen if isinstance(seen, str) else json.dumps(
            seen, default=str, ensure_ascii=False)
        print('info %-46s %s' % (name, ' '.join(text.split())[:420]),
            flush=True)

    def try_(name, expect, verb, path, body=None, cl=c, headers=None,
            has=None):
        status, h, text = cl.raw(verb, path, body, headers)
        ok = status in (expect if isinstance(expect, tuple) else (expect,))
        check(name, ok and (has is None or has in text),
            'HTTP %s %s' % (status, text))
        return status, dict(h), text

    hub, ada = connect(ids['keys']['hub']), connect(ids['keys']['ada'])
    anyone = Client(url)
    task = ids['issues']['p-100 Discovery']
    cf = ids['fields']

    def entry(**kw):
        out = {'issue_id': task, 'spent_on': today.isoformat(), 'hours': 1,
            'activity_id': ids['activities']['Development'],
            'comments': 'probe'}
        out.update(kw)
        return {'time_entry': {k: v for k, v in out.items()
                if v is not None}}

    print('-- who is calling')
    strict = anyone.raw('GET', '/time_entries.json')[0] == 401
    print('     sign-in required for everything: %s' % strict)
    wrong = Client(url, 'deadbeef')
    try_('no key, list of time entries', 401 if strict else 200, 'GET',
        '/time_entries.json', cl=anyone)
    try_('WRONG key, list of time entries', 401 if strict else 200, 'GET',
        '/time_entries.json', cl=wrong)
    _, h, _ = try_('wrong key, who am I', 401, 'GET', '/users/current.json',
        cl=wrong)
    note('... headers', {k: v for k, v in h.items() if k.lower() in (
                'www-authenticate', 'content-type', 'content-length')})
    try_('wrong key, one time entry', 401, 'GET',
        '/time_entries/1.json', cl=wrong)
    try_('wrong key, a task of a private project', 401, 'GET',
        '/issues/%d.json' % task, cl=wrong)
    try_('wrong key, POST', 401, 'POST', '/time_entries.json',
        entry(), cl=wrong)
    try_('wrong key on an address that needs none', 401 if strict else 200, 'GET',
        '/issue_statuses.json', cl=Client(url, 'deadbeef'))
    basic = base64.b64encode(('ada:%s' % PASSWORD).encode()).decode()
    try_('HTTP Basic with password', 200, 'GET', '/users/current.json',
        cl=Client(url, headers={'Authorization': 'Basic ' + basic}))
    basic = base64.b64encode(('%s:x' % ids['keys']['ada']).encode()).decode()
    try_('HTTP Basic with the key as user name', 200, 'GET',
        '/users/current.json',
        cl=Client(url, headers={'Authorization': 'Basic ' + basic}))
    try_('key as query parameter', 200, 'GET',
        '/users/current.json?key=' + ids['keys']['ada'], cl=anyone)
    try_('ada may not list users', 403, 'GET', '/users.json', cl=ada)
    try_('ada may not log for ben', 422, 'POST', '/time_entries.json',
        entry(user_id=ids['users']['ben']), cl=ada)
    try_('act as another user (admin only)', 200, 'GET',
        '/users/current.json', headers={'X-Redmine-Switch-User': 'ben'},
        has='"login":"ben"')
    try_('act as an unknown user', 412, 'GET', '/users/current.json',
        headers={'X-Redmine-Switch-User': 'nobody-here'})
    try_('ada asks to act as ben: header is ignored', 200, 'GET',
        '/users/current.json', cl=ada,
        headers={'X-Redmine-Switch-User': 'ben'}, has='"login":"ada"')

    print('-- bad input')
    try_('not there', 404, 'GET', '/time_entries/999999.json')
    try_('unknown address', 404, 'GET', '/no_such.json')
    try_('no body', 422, 'POST', '/time_entries.json', {})
    try_('not JSON', 400, 'POST', '/time_entries.json', '{oops')
    try_('JSON body, Content-Type text/plain', 422, 'POST',
        '/time_entries.json', json.dumps(entry()),
        headers={'Content-Type': 'text/plain'})
    try_('hours missing', 422, 'POST', '/time_entries.json',
        entry(hours=None))
    try_('hours negative', 422, 'POST', '/time_entries.json',
        entry(hours=-1))
    try_('hours no number', 422, 'POST', '/time_entries.json',
        entry(hours='lots'))
    try_('30 hours in one entry: accepted', 201, 'POST',
        '/time_entries.json', entry(hours=30))
    try_('activity unknown', 422, 'POST', '/time_entries.json',
        entry(activity_id=9999))
    try_('date malformed', 422, 'POST', '/time_entries.json',
        entry(spent_on='2026-13-45'))
    try_('task unknown', 422, 'POST', '/time_entries.json',
        entry(issue_id=999999))
    try_('user unknown', 422, 'POST', '/time_entries.json',
        entry(user_id=999999))
    try_('several at once', 422, 'POST', '/time_entries.json',
        {'time_entry': {'hours': -1, 'comments': 'x' * 1025}})
    _, _, text = try_('unknown attribute is ignored', 201, 'POST',
        '/time_entries.json', entry(nope=1))
    try_('custom field too long', 422, 'POST', '/time_entries.json',
        entry(custom_fields=[{'id': cf['External id'], 'value': 'x' * 65}]))
    try_('custom field that is not there', 201, 'POST',
        '/time_entries.json', entry(custom_fields=[
                {'id': 9999, 'value': 'x'}]))
    try_('project: field does not match its pattern', 422, 'PUT',
        '/projects/p-100.json', {'project': {'custom_fields': [
                    {'id': cf['ERP customer'], 'value': 'bad'}]}})
    try_('project identifier taken', 422, 'POST', '/projects.json',
        {'project': {'name': 'x', 'identifier': 'p-100'}})
    try_('login taken', 422, 'POST', '/users.json', {'user': {
                'login': 'ada', 'firstname': 'A', 'lastname': 'B',
                'mail': 'ada@example.com', 'password': PASSWORD}})

    print('-- verbs')
    key = 'probe-%d' % time.time_ns()
    body = entry(hours='2:30', custom_fields=[
            {'id': cf['External id'], 'value': key}])
    st, h, text = try_('POST', 201, 'POST', '/time_entries.json', body,
        cl=hub)
    print('     request  POST /time_entries.json ' + json.dumps(body))
    print('     response HTTP %s Location=%s %s' % (st, h.get('Location'),
            text))
    first = json.loads(text)['time_entry']['id']
    st, h, text = try_('the same POST again makes a second entry', 201,
        'POST', '/time_entries.json', body, cl=hub)
    found = hub.get('/time_entries.json', **{'cf_%d' % cf['External id']: key}
        )
    check('find by custom field', found['total_count'] == 2,
        [e['id'] for e in found['time_entries']])
    st, h, text = try_('PUT', 204, 'PUT',
        '/time_entries/%d.json' % first, {'time_entry': {'hours': 3,
                'custom_fields': [{'id': cf['Approved'], 'value': '1'}]}},
        cl=hub)
    check('... answers without a body', text.strip() == '', repr(text))
    row = hub.get('/time_entries/%d.json' % first)['time_entry']
    check('... and only the named fields changed', row['hours'] == 3.0
        and row['comments'] == 'probe', row)
    try_('DELETE', 204, 'DELETE', '/time_entries/%d.json' % first,
        cl=hub)
    try_('DELETE again', 404, 'DELETE', '/time_entries/%d.json' % first,
        cl=hub)
    st, h, text = c.raw('GET', '/time_entries.json?limit=1')
    h = dict(h)
    st2, _, t2 = c.raw('GET', '/time_entries.json?limit=1', None,
        {'If-None-Match': h.get('ETag', '')})
    check('ETag and If-None-Match', st2 == 304, 'HTTP %s ETag=%s' % (
            st2, h.get('ETag')))
    st, _, text = c.raw('GET', '/time_entries.xml?limit=1')
    check('XML', st == 200, text[:200])

    print('-- paging')
    total = c.get('/time_entries.json', limit=1)['total_count']
    for n in range(max(0, 130 - total)):
        hub.post('/time_entries.json', entry(hours=0.25, comments='filler',
                spent_on=(today - dt.timedelta(n % 30)).isoformat()))
    page = c.get('/time_entries.json')
    check('default page', page['limit'] == 25, {k: page[k] for k in (
                'total_count', 'offset', 'limit')})
    page = c.get('/time_entries.json', limit=1000)
    check('limit is cut to 100 without a word', page['limit'] == 100
        and len(page['time_entries']) == 100, {k: page[k] for k in (
                'total_count', 'offset', 'limit')})
    page = c.get('/time_entries.json', offset=100000)
    check('offset past the end', page['time_entries'] == [], page)
    page = c.get('/time_entries.json', page=2, limit=50)
    check('page=2 works too', page['offset'] == 50, page['offset'])

    print('-- changes since')
    since = (dt.datetime.now(dt.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ'))
    time.sleep(1.1)
    c.call('PUT', '/issues/%d.json' % task, {'issue': {
                'notes': 'touched by the probe'}})
    found = c.get('/issues.json', updated_on='>=' + since, status_id='*')
    check('issues: updated_on=>=%s' % since, [i['id'] for i in
            found['issues']] == [task], [(i['id'], i['updated_on'])
            for i in found['issues']])
    try_('"updated_on=>..." is not an operator', 422, 'GET',
        '/issues.json?updated_on=%3E' + since)
    st, _, text = c.raw('GET', '/issues.json?status_id=%2A&updated_on='
        '%3E%3D2026-11-20T00%3A00%3A00.000Z')
    check('fractions of a second in the filter: refused', st == 422,
        'HTTP %s %s' % (st, text[:80]))
    c.call('PUT', '/issues/%d.json' % ids['issues']['p-200 Training'],
        {'issue': {'status_id': [x['id'] for x in c.get(
                        '/issue_statuses.json')['issue_statuses']
                    if x['name'] == 'Closed'][0]}})
    short = c.get('/issues.json')['total_count']
    long = c.get('/issues.json', status_id='*')['total_count']
    check('closed issues are listed only with status_id=*', long == short + 1,
        '%d without, %d with' % (short, long))
    c.call('PUT', '/issues/%d.json' % ids['issues']['p-200 Training'],
        {'issue': {'status_id': 1}})
    total = c.get('/time_entries.json')['total_count']
    ours = hub.post('/time_entries.json', entry(comments='new'))['time_entry']
    found = c.get('/time_entries.json', updated_on='>=' + since)
    check('time entries: updated_on does NOT filter',
        found['total_count'] == total + 1, 'asked for changes since %s, '
        'got %d of %d' % (since, found['total_count'], total + 1))
    status, _, text = c.raw('GET', '/time_entries.json?set_filter=1&f[]='
        'updated_on&op[updated_on]=%3E%3D&v[updated_on][]=' + since)
    check('... nor through the query form', status == 200 and json.loads(
            text)['total_count'] == total + 1, 'HTTP %s total_count=%s' % (
            status, json.loads(text)['total_count']))
    found = c.get('/time_entries.json', sort='updated_on:desc', limit=3)
    check('... nor does sort=updated_on:desc sort', found['time_entries'][0][
            'id'] != ours['id'], 'first ids %s, newest is %s' % (
            [e['id'] for e in found['time_entries']], ours['id']))
    found = c.get('/time_entries.json', sort='created_on:desc', limit=3)
    check('sort=created_on:desc does work', found['time_entries'][0][
            'created_on'] >= found['time_entries'][-1]['created_on'],
        [(e['id'], e['created_on']) for e in found['time_entries']])
    found = c.get('/time_entries.json', **{'from': today.isoformat(),
            'to': today.isoformat(), 'limit': 100})
    check('from/to filter by day worked', all(e['spent_on'] ==
            today.isoformat() for e in found['time_entries']),
        found['total_count'])
    found = c.get('/time_entries.json', **{'cf_%d' % cf['Approved']: '1',
            'limit': 100})
    check('filter by a custom field (approved)', found['total_count'] >= 4
        and all({'id': cf['Approved'], 'name': 'Approved', 'value': '1'}
            in e['custom_fields'] for e in found['time_entries']),
        found['total_count'])
    c.call('DELETE', '/time_entries/%d.json' % ours['id'])
    try_('a deleted entry is just gone', 404, 'GET',
        '/time_entries/%d.json' % ours['id'])
    row = c.get('/time_entries.json', limit=1)['time_entries'][0]
    check('stamps are whole seconds, UTC', row['updated_on'].endswith('Z')
        and '.' not in row['updated_on'], row['updated_on'])
    page1 = c.get('/time_entries.json', sort='id', limit=5, offset=0)
    note('sort=id', [e['id'] for e in page1['time_entries']])

    print('-- locking and rules')
    full = c.get('/issues/%d.json' % task, include='journals')['issue']
    check('issue JSON has no lock_version', 'lock_version' not in full,
        sorted(full))
    try_('PUT with a stale lock_version', 422, 'PUT',
        '/issues/%d.json' % task, {'issue': {'subject': 'Lost',
                'lock_version': 0}})
    row = c.get('/issues/%d.json' % task)['issue']
    check('... nothing changed', row['subject'] == 'Discovery',
        row['subject'])
    try_('PUT without it: last writer wins', 204, 'PUT',
        '/issues/%d.json' % task, {'issue': {'done_ratio': 30}})
    old = c.get('/issues/%d.json' % task)['issue']['status']
    try_('a status that does not exist: accepted ...', 204, 'PUT',
        '/issues/%d.json' % task, {'issue': {'status_id': 9999}})
    row = c.get('/issues/%d.json' % task)['issue']['status']
    check('... and ignored', row == old, row)
    # a closed project refuses new time
    p = c.raw('POST', '/projects.json', {'project': {'name': 'Closed one',
                'identifier': 'p-closed', 'enabled_module_names': [
                    'issue_tracking', 'time_tracking']}})
    c.raw('PUT', '/projects/p-closed/close.json')
    try_('log time on a closed project', 422, 'POST',
        '/time_entries.json', {'time_entry': {'project_id': 'p-closed',
                'hours': 1, 'spent_on': today.isoformat(),
                'activity_id': ids['activities']['Development']}})
    status, _, text = c.raw('POST', '/issues.json', {'issue': {
                'project_id': 'p-100', 'subject': 'short-lived'}})
    gone = json.loads(text)['issue']['id']
    e = hub.post('/time_entries.json', entry(issue_id=gone))['time_entry']
    try_('delete a task that has time', 204, 'DELETE',
        '/issues/%d.json' % gone)
    st, _, text = c.raw('GET', '/time_entries/%d.json' % e['id'])
    check('... its time entries went with it', st == 404, 'HTTP %s' % st)

    print('-- several writers at once')
    # on SQLite writers lock each other out for 20 s and then get HTTP 500
    crowd = range(1 if s.get('REDMINE_BACKEND') == 'sqlite' else 6)
    out = []

    def work(n):
        mine = connect(ids['keys']['hub'])
        t = time.monotonic()
        got = [mine.raw('POST', '/time_entries.json', entry(
                    hours=0.5, comments='par %d' % n))[0] for _ in range(10)]
        out.append((sorted(set(got)), round(time.monotonic() - t, 2)))
    threads = [threading.Thread(target=work, args=(n,)) for n in crowd]
    [t.start() for t in threads]
    [t.join() for t in threads]
    check('%d writers, 10 entries each' % len(crowd), all(o[0] == [201] for o in out), out)
    out = []

    def bump(n):
        mine = connect(ids['keys']['hub'])
        st, _, text = mine.raw('PUT', '/issues/%d.json' % task,
            {'issue': {'done_ratio': 10 * n}})
        out.append((st, text[:80]))
    threads = [threading.Thread(target=bump, args=(n,)) for n in crowd]
    [t.start() for t in threads]
    [t.join() for t in threads]
    note('%d writers on one task' % len(crowd), out)
    for e in c.every('/time_entries.json', 'time_entries'):
        if e['comments'] in ('probe', 'filler') or e['comments'].startswith(
                'par '):
            c.call('DELETE', '/time_entries/%d.json' % e['id'])
    print('%d checks, %d failed' % (state['n'], state['bad']))
    return state['bad']


# --------------------------------------------------------------------------
# throughput
# --------------------------------------------------------------------------

def bench(c, ids, n):
    cf = ids['fields']
    logins = ['ada', 'ben', 'chi']
    tasks = list(ids['issues'].values())

    def body(i, tag):
        return {'time_entry': {'issue_id': tasks[i % len(tasks)],
                'user_id': ids['users'][logins[i % 3]],
                'spent_on': (today - dt.timedelta(i % 90)).isoformat(),
                'hours': 0.25 * (1 + i % 30),
                'activity_id': ids['activities']['Development'],
                'comments': '%s %d' % (tag, i),
                'custom_fields': [
                    {'id': cf['Approved'], 'value': str(i % 2)},
                    {'id': cf['Billable'], 'value': '1'},
                    {'id': cf['External id'], 'value': '%s-%d' % (tag, i)}]}}

    def timed(name, count, call):
        t = time.monotonic()
        out = call()
        took = time.monotonic() - t
        print('%-44s %6d entries %7.2f s %8.0f /s' % (
                name, count, took, count / took), flush=True)
        return out

    hub = connect(ids['keys']['hub'])
    timed('one entry per call, one connection', n, lambda: [
            hub.post('/time_entries.json', body(i, 'bench'))
            for i in range(n)])

    def parallel(width):
        failed = []

        def work(k):
            mine = connect(ids['keys']['hub'])
            for i in range(k, n, width):
                try:
                    mine.post('/time_entries.json', body(i, 'bench-par'))
                except Failure as e:
                    failed.append(str(e)[:160])
        threads = [threading.Thread(target=work, args=(k,))
            for k in range(width)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        if failed:
            print('     %d failed, e.g. %s' % (len(failed), failed[0]))
    if settings().get('REDMINE_BACKEND') != 'sqlite':
        timed('one entry per call, 4 connections', n, lambda: parallel(4))
    rows = timed('read all, pages of 100', c.get('/time_entries.json',
            limit=1)['total_count'], lambda: c.every(
            '/time_entries.json', 'time_entries'))
    gone = [r['id'] for r in rows if r['comments'].startswith('bench')]
    timed('change one field, one call each', n, lambda: [
            hub.call('PUT', '/time_entries/%d.json' % i, {'time_entry': {
                        'custom_fields': [{'id': cf['Approved'],
                                'value': '1'}]}}) for i in gone[:n]])
    timed('delete, one call each', len(gone), lambda: [
            c.call('DELETE', '/time_entries/%d.json' % i) for i in gone])
    c.calls += hub.calls


def quiet_seed(c):
    global log
    keep, log = log, lambda text: None
    try:
        return seed(c)
    finally:
        log = keep


def main(argv):
    what = argv[1] if len(argv) > 1 else 'seed'
    if what in ('-h', '--help', 'help'):
        print(__doc__)
        return 0
    started = time.monotonic()
    c = connect()
    try:
        c.get('/users/current.json')
    except OSError as e:
        sys.exit('redmine-seed: cannot reach %s: %s' % (
                settings()['REDMINE_URL'], e))
    if what == 'seed':
        ids = seed(c)
        ids['keys'] = {k: v[:4] + '...' for k, v in ids['keys'].items()}
        print(json.dumps(ids))
    elif what == 'probe':
        if probe(c, quiet_seed(c)):
            return 1
    elif what == 'bench':
        bench(c, quiet_seed(c), int(argv[2]) if len(argv) > 2 else 500)
    else:
        sys.exit('unknown command %r\n%s' % (what, __doc__))
    print('redmine-seed %s: %d HTTP calls, %.1f s' % (
            what, c.calls, time.monotonic() - started))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))
