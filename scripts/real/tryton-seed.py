#!/usr/bin/env python3
"""Seed a real, unmodified Tryton 6.0 server with a demo firm, over its JSON-RPC HTTP API.

Standard library only.  Every call goes through the public HTTP port; the
database is never touched directly.  Idempotent: run it as often as you like.

  tryton-seed.py           company in EUR, chart, fiscal year, currencies,
                           service products, cost-centre root, parties,
                           employees, projects, timesheets, one paid invoice,
                           and the user "hub" with the rights the hub needs

It prints the ids as JSON on its last-but-one line.
Connection settings come from the file written by tryton-up.sh
(TRYTON_ENV, default $TMPDIR/tryton-real/tryton.env) or from TRYTON_URL,
TRYTON_DB, TRYTON_USER, TRYTON_PASSWORD.
"""
import base64
import datetime as dt
import http.client
import json
import os
import sys
import time
import urllib.parse
import uuid
from decimal import Decimal

# --------------------------------------------------------------------------
# client
# --------------------------------------------------------------------------


def _encode(o):
    if isinstance(o, dt.datetime):
        return {'__class__': 'datetime', 'year': o.year, 'month': o.month,
            'day': o.day, 'hour': o.hour, 'minute': o.minute,
            'second': o.second, 'microsecond': o.microsecond}
    if isinstance(o, dt.date):
        return {'__class__': 'date', 'year': o.year, 'month': o.month,
            'day': o.day}
    if isinstance(o, dt.timedelta):
        return {'__class__': 'timedelta', 'seconds': o.total_seconds()}
    if isinstance(o, Decimal):
        return {'__class__': 'Decimal', 'decimal': str(o)}
    if isinstance(o, (bytes, bytearray)):
        return {'__class__': 'bytes',
            'base64': base64.b64encode(o).decode('ascii')}
    raise TypeError('cannot encode %r' % (o,))


def _decode(d):
    c = d.get('__class__')
    if c == 'datetime':
        return dt.datetime(d['year'], d['month'], d['day'], d['hour'],
            d['minute'], d['second'], d['microsecond'])
    if c == 'date':
        return dt.date(d['year'], d['month'], d['day'])
    if c == 'timedelta':
        return dt.timedelta(seconds=d['seconds'])
    if c == 'Decimal':
        return Decimal(d['decimal'])
    if c == 'bytes':
        return base64.b64decode(d['base64'])
    return d


class HTTPFailure(Exception):
    "the server answered with a status other than 200"

    def __init__(self, status, body):
        super().__init__('HTTP %s: %s' % (status, body[:300]))
        self.status = status
        self.body = body


class RPCError(Exception):
    "HTTP 200 with an 'error' member"

    def __init__(self, error):
        super().__init__(json.dumps(error, default=str))
        self.error = error
        self.kind = error[0] if error else None


class Client:

    def __init__(self, url, db, user, password=None):
        u = urllib.parse.urlsplit(url)
        self.host, self.port = u.hostname, u.port
        self.db, self.user = db, user
        self.authorization = None
        self.context = {}
        self.calls = 0
        if password is not None:
            self.login(password)

    def login(self, password):
        self.authorization = None
        self.uid, self.session = self.rpc(
            'common.db.login', [self.user, {'password': password}, 'en'])
        token = '%s:%s:%s' % (self.user, self.uid, self.session)
        self.authorization = 'Session ' + base64.b64encode(
            token.encode('utf-8')).decode('ascii')
        self.refresh_context()

    def refresh_context(self):
        self.context = {}
        self.context = self.call('model.res.user.get_preferences', True)

    def http(self, verb, path, body=None, headers=None):
        h = {}
        if body is not None:
            h['Content-Type'] = 'application/json'
        if self.authorization:
            h['Authorization'] = self.authorization
        h.update(headers or {})
        if isinstance(body, str):
            body = body.encode('utf-8')
        connection = http.client.HTTPConnection(
            self.host, self.port, timeout=300)
        try:
            connection.request(verb, path, body, h)
            response = connection.getresponse()
            self.calls += 1
            return (response.status, dict(response.getheaders()),
                response.read().decode('utf-8'))
        finally:
            connection.close()

    def post(self, method, params, headers=None):
        body = json.dumps(
            {'id': self.calls, 'method': method, 'params': params},
            default=_encode)
        return (body,) + self.http(
            'POST', '/%s/' % self.db, body, headers)

    def rpc(self, method, params):
        _, status, _, text = self.post(method, params)
        if status != 200:
            raise HTTPFailure(status, text)
        answer = json.loads(text, object_hook=_decode)
        if answer.get('error') is not None:
            raise RPCError(answer['error'])
        return answer['result']

    def call(self, method, *params, **context):
        return self.rpc(method, list(params) + [{**self.context, **context}])

    # the last positional parameter of every model method is the context
    def create(self, model, *values, **context):
        return self.call('model.%s.create' % model, list(values), **context)

    def write(self, model, ids, values, **context):
        return self.call('model.%s.write' % model, ids, values, **context)

    def delete(self, model, ids, **context):
        return self.call('model.%s.delete' % model, ids, **context)

    def read(self, model, ids, fields, **context):
        return self.call('model.%s.read' % model, ids, fields, **context)

    def search(self, model, domain, offset=0, limit=None, order=None,
            **context):
        return self.call('model.%s.search' % model, domain, offset, limit,
            order, **context)

    def search_read(self, model, domain, fields, offset=0, limit=None,
            order=None, **context):
        return self.call('model.%s.search_read' % model, domain, offset,
            limit, order, fields, **context)

    def button(self, model, name, ids, **context):
        return self.call('model.%s.%s' % (model, name), ids, **context)

    def accept(self, call, *args, **kwargs):
        """Run a call, confirming each warning as the desktop client would.

        The server aborts the transaction with a UserWarning; a record of
        res.user.warning with the same name makes the repeated call pass.
        """
        seen = []
        while True:
            try:
                return call(*args, **kwargs)
            except RPCError as e:
                if e.kind != 'UserWarning' or e.error[1][0] in seen:
                    raise
                seen.append(e.error[1][0])
                self.create('res.user.warning', {
                        'user': self.uid, 'name': seen[-1],
                        'always': False})

    def wizard(self, name, steps, **context):
        session, start, end = self.call('wizard.%s.create' % name, **context)
        results = []
        try:
            for state, data in steps:
                results.append(self.call(
                    'wizard.%s.execute' % name, session, data, state,
                    **context))
        finally:
            self.call('wizard.%s.delete' % name, session, **context)
        return results

    def ensure(self, model, domain, values):
        "id of the first record that matches the domain, created if none does"
        ids = self.search(model, domain, limit=1)
        if ids:
            return ids[0], False
        if callable(values):
            values = values()
        return self.create(model, values)[0], True


def settings():
    out = {}
    path = os.environ.get('TRYTON_ENV') or os.path.join(
        os.environ.get('TMPDIR', '/tmp'), 'tryton-real', 'tryton.env')
    if os.path.exists(path):
        with open(path) as f:
            for line in f:
                line = line.strip()
                if line and not line.startswith('#') and '=' in line:
                    k, v = line.split('=', 1)
                    out[k] = v.strip("'\"")
    for k in ('TRYTON_URL', 'TRYTON_DB', 'TRYTON_USER', 'TRYTON_PASSWORD'):
        if os.environ.get(k):
            out[k] = os.environ[k]
    missing = [k for k in ('TRYTON_URL', 'TRYTON_DB', 'TRYTON_USER',
            'TRYTON_PASSWORD') if not out.get(k)]
    if missing:
        sys.exit('tryton-seed: no %s; run tryton-up.sh first or set them '
            '(looked in %s)' % (', '.join(missing), path))
    return out


def connect():
    s = settings()
    try:
        return Client(s['TRYTON_URL'], s['TRYTON_DB'], s['TRYTON_USER'],
            s['TRYTON_PASSWORD'])
    except OSError as e:
        sys.exit('tryton-seed: cannot reach %s: %s' % (s['TRYTON_URL'], e))


# --------------------------------------------------------------------------
# seed
# --------------------------------------------------------------------------

FIRM = 'Halden Consulting'
HUB_LOGIN, HUB_PASSWORD = 'hub', 'hub-password-1'
PEOPLE = [('Ada Lambert', 'E-001', '55.00'), ('Ben Okafor', 'E-002', '70.00'),
    ('Chi Tanaka', 'E-003', '95.00')]
CUSTOMERS = [('Contoso Rail', 'C-100'), ('Fabrikam Health', 'C-200')]
PROJECTS = [
    # code, name, customer code, tasks (name, rate, planned hours)
    ('P-100', 'Rail timetable review', 'C-100', [
            ('Discovery', '120', 40), ('Analysis', '140', 80),
            ('Report', '110', 24)]),
    ('P-200', 'Clinic rollout', 'C-200', [
            ('Set-up', '100', 60), ('Training', '90', 30)]),
    ]
CURRENCIES = [('GBP', 'Pound Sterling', '\u00a3', '826', '0.85'),
    ('USD', 'US Dollar', '$', '840', '1.08')]
SERVICES = [  # name, code, unit, list price; one service product per role
    ('Consulting hour', 'HOUR', 'Hour', '100'),
    ('Milestone', 'MILESTONE', 'Unit', '0'),
    ('Subcontract', 'SUBCONTRACT', 'Unit', '0'),
    ('Expense', 'EXPENSE', 'Unit', '0')]
today = dt.date.today()


def log(text):
    print('  ' + text, flush=True)


def seed(c):
    done = {}

    # currency ------------------------------------------------------------
    currency, new = c.ensure('currency.currency', [('code', '=', 'EUR')],
        {'name': 'Euro', 'code': 'EUR', 'symbol': '€',
            'numeric_code': '978', 'digits': 2,
            'rounding': Decimal('0.01'),
            'rates': [('create', [{'date': dt.date(2000, 1, 1),
                            'rate': Decimal('1')}])]})
    log('currency EUR id=%s%s' % (currency, ' (new)' if new else ''))
    currencies = {'EUR': currency}
    for code, name, symbol, number, rate in CURRENCIES:
        currencies[code], _ = c.ensure('currency.currency',
            [('code', '=', code)],
            {'name': name, 'code': code, 'symbol': symbol,
                'numeric_code': number, 'digits': 2,
                'rounding': Decimal('0.01'),
                'rates': [('create', [{'date': dt.date(2000, 1, 1),
                                'rate': Decimal(rate)}])]})

    # country: only what an address needs ---------------------------------
    country, _ = c.ensure('country.country', [('code', '=', 'BE')],
        {'name': 'Belgium', 'code': 'BE', 'code3': 'BEL',
            'code_numeric': '056'})

    for code, name, code3, number in [('DE', 'Germany', 'DEU', '276'),
            ('GB', 'United Kingdom', 'GBR', '826'),
            ('US', 'United States', 'USA', '840')]:
        c.ensure('country.country', [('code', '=', code)],
            {'name': name, 'code': code, 'code3': code3,
                'code_numeric': number})

    # company -------------------------------------------------------------
    companies = c.search('company.company', [('party.name', '=', FIRM)])
    if companies:
        company = companies[0]
    else:
        party, _ = c.ensure('party.party', [('name', '=', FIRM)],
            {'name': FIRM, 'addresses': [('create', [{
                                'street': 'Rue Haute 1',
                                'postal_code': '1000', 'city': 'Brussels',
                                'country': country}])]})
        company, = c.create('company.company', {
                'party': party, 'currency': currency,
                'timezone': 'Europe/Brussels'})
    user, = c.read('res.user', [c.uid], ['company', 'companies'])
    if user['company'] != company:
        c.write('res.user', [c.uid], {
                'companies': [('add', [company])], 'company': company})
    c.refresh_context()
    log('company id=%s' % company)

    # chart of accounts (the minimal template) ----------------------------
    accounts = c.search('account.account', [('company', '=', company)],
        limit=1)
    if not accounts:
        template, = c.search('account.account.template',
            [('parent', '=', None), ('name', '=', 'Minimal Account Chart')],
            limit=1)
        c.wizard('account.create_chart', [
                ('account', {}),
                ('create_account', {'account': {
                            'account_template': template,
                            'company': company}}),
                ])
        receivable, = c.search('account.account', [
                ('type.receivable', '=', True), ('company', '=', company)],
            limit=1)
        payable, = c.search('account.account', [
                ('type.payable', '=', True), ('company', '=', company)],
            limit=1)
        c.wizard('account.create_chart', [
                ('create_properties', {'properties': {
                            'company': company,
                            'account_receivable': receivable,
                            'account_payable': payable}}),
                ])
        log('chart of accounts created from the minimal template')
    by_name = {a['name']: a['id'] for a in c.search_read(
            'account.account', [('company', '=', company)], ['name'])}
    revenue = by_name['Main Revenue']
    cash = by_name['Main Cash']
    tax_account = by_name['Main Tax']
    log('%d accounts: %s' % (len(by_name), ', '.join(sorted(by_name))))

    # fiscal year, sequences, periods -------------------------------------
    years = c.search('account.fiscalyear', [
            ('company', '=', company), ('start_date', '<=', today),
            ('end_date', '>=', today)])
    if not years:
        types = {t['name']: t['id'] for t in c.search_read(
                'ir.sequence.type', [], ['name'])}
        move_sequence, = c.create('ir.sequence', {
                'name': 'Moves %d' % today.year, 'company': company,
                'sequence_type': types['Account Move']})
        invoice_sequence, = c.create('ir.sequence.strict', {
                'name': 'Invoices %d' % today.year, 'company': company,
                'sequence_type': types['Invoice'],
                'prefix': '%d-' % today.year, 'padding': 5})
        year, = c.create('account.fiscalyear', {
                'name': str(today.year), 'company': company,
                'start_date': dt.date(today.year, 1, 1),
                'end_date': dt.date(today.year, 12, 31),
                'post_move_sequence': move_sequence,
                'invoice_sequences': [('create', [{
                                'company': company,
                                'in_invoice_sequence': invoice_sequence,
                                'in_credit_note_sequence': invoice_sequence,
                                'out_invoice_sequence': invoice_sequence,
                                'out_credit_note_sequence': invoice_sequence,
                                }])]})
        c.button('account.fiscalyear', 'create_period', [year])
        years = [year]
        log('fiscal year %d created' % today.year)
    periods = c.call('model.account.period.search_count',
        [('fiscalyear', '=', years[0])])
    log('fiscal year id=%s with %s periods' % (years[0], periods))

    # tax, payment term, payment method -----------------------------------
    tax, _ = c.ensure('account.tax', [('name', '=', 'VAT 21%'),
            ('company', '=', company)],
        {'name': 'VAT 21%', 'description': 'VAT 21%', 'company': company,
            'type': 'percentage', 'rate': Decimal('0.21'),
            'invoice_account': tax_account,
            'credit_note_account': tax_account})
    term, _ = c.ensure('account.invoice.payment_term',
        [('name', '=', '30 days')],
        {'name': '30 days', 'lines': [('create', [{
                            'type': 'remainder',
                            'relativedeltas': [
                                ('create', [{'days': 30}])]}])]})
    journal, = c.search('account.journal', [('type', '=', 'cash')], limit=1)
    method, _ = c.ensure('account.invoice.payment.method',
        [('name', '=', 'Bank'), ('company', '=', company)],
        {'name': 'Bank', 'company': company, 'journal': journal,
            'credit_account': cash, 'debit_account': cash})

    # write-off, without which no invoice can be given up ---------------------
    expense, = c.search('account.account', [
            ('type.expense', '=', True), ('company', '=', company)], limit=1)
    numbers, = c.read('account.journal', [journal], ['sequence'])
    losses, _ = c.ensure('account.journal', [('type', '=', 'write-off')],
        {'name': 'Write-off', 'code': 'OFF', 'type': 'write-off',
            'sequence': numbers['sequence']})
    c.ensure('account.move.reconcile.write_off', [('company', '=', company)],
        {'name': 'Write-off', 'company': company, 'journal': losses,
            'debit_account': expense, 'credit_account': expense})

    # service products, one per role ----------------------------------------
    hour, = c.search('product.uom', [('name', '=', 'Hour')], limit=1)
    category, _ = c.ensure('product.category',
        [('name', '=', 'Services'), ('accounting', '=', True)],
        {'name': 'Services', 'accounting': True, 'account_revenue': revenue,
            'customer_taxes': [('add', [tax])]})
    products = {}
    for name, code, unit_name, price in SERVICES:
        unit, = c.search('product.uom', [('name', '=', unit_name)], limit=1)
        found = c.search('product.product', [('template.name', '=', name)])
        if not found:
            # "code" is computed; what is stored is the template's code and
            # the product's suffix_code
            c.create('product.template', {
                    'name': name, 'code': code, 'type': 'service',
                    'default_uom': unit, 'list_price': Decimal(price),
                    'account_category': category,
                    'salable': True, 'sale_uom': unit,
                    'products': [('create', [{}])]})
            found = c.search('product.product', [('template.name', '=',
                        name)])
        products[code] = found[0]
    product = products['HOUR']
    log('products %s' % products)

    # the root under which the hub files cost centres -----------------------
    analytic, _ = c.ensure('analytic_account.account',
        [('code', '=', 'CC'), ('type', '=', 'root')],
        {'name': 'Cost centres', 'code': 'CC', 'type': 'root',
            'company': company})

    # customers -----------------------------------------------------------
    customers = {}
    for name, code in CUSTOMERS:
        customers[code], new = c.ensure('party.party', [('code', '=', code)],
            {'name': name, 'code': code, 'customer_payment_term': term,
                'addresses': [('create', [{'street': 'Station 9',
                                'postal_code': '2000', 'city': 'Antwerp',
                                'country': country}])],
                'contact_mechanisms': [('create', [{'type': 'email',
                                'value': 'ap@%s.example' % code.lower()}])],
                })
    log('customers %s' % customers)

    # employees -----------------------------------------------------------
    employees = {}
    for name, code, cost in PEOPLE:
        found = c.search('company.employee', [('party.code', '=', code),
                ('company', '=', company)])
        if not found:
            party, _ = c.ensure('party.party', [('code', '=', code)],
                {'name': name, 'code': code})
            found = c.create('company.employee', {
                    'party': party, 'company': company,
                    'start_date': dt.date(2020, 1, 1),
                    'cost_prices': [('create', [{
                                    'date': dt.date(2020, 1, 1),
                                    'cost_price': Decimal(cost)}])]})
        employees[code] = found[0]
    log('employees %s' % employees)

    # an integration user with rights of its own --------------------------
    groups = {g['name']: g['id'] for g in c.search_read(
            'res.group', [], ['name'])}
    wanted = [groups[n] for n in ('Timesheet Administration',
            'Project Administration', 'Project Invoice', 'Account',
            'Account Administration', 'Account Party', 'Party Administration',
            'Product Administration', 'Analytic Administration',
            'Sale Opportunity')  # else no party can be deleted
        if n in groups]
    hub, new = c.ensure('res.user', [('login', '=', HUB_LOGIN)],
        {'name': 'Integration hub', 'login': HUB_LOGIN,
            'password': HUB_PASSWORD,
            'companies': [('add', [company])], 'company': company,
            'employees': [('add', list(employees.values()))],
            'employee': employees['E-001'],
            'groups': [('add', wanted)]})
    log('integration user %s id=%s' % (HUB_LOGIN, hub))

    # projects and tasks --------------------------------------------------
    works = {}
    for code, name, customer, tasks in PROJECTS:
        title = '%s %s' % (code, name)
        project, new = c.ensure('project.work',
            [('name', '=', title), ('type', '=', 'project')],
            {'name': title, 'type': 'project', 'company': company,
                'party': customers[customer],
                'project_invoice_method': 'timesheet',
                'product': product, 'list_price': Decimal('100'),
                'timesheet_available': True,
                'effort_duration': dt.timedelta(0),
                'children': [('create', [{
                                'name': task, 'type': 'task',
                                'company': company, 'product': product,
                                'list_price': Decimal(rate),
                                'timesheet_available': True,
                                'effort_duration': dt.timedelta(hours=h)}
                            for task, rate, h in tasks])]})
        works[code] = {'project': project}
        for task in c.search_read('project.work',
                [('parent', '=', project), ('type', '=', 'task')],
                ['name', 'timesheet_works', 'list_price']):
            works[code][task['name']] = task['timesheet_works'][0]
    log('projects %s' % works)

    # timesheets: the uuid column is unique, which makes a retry harmless --
    lines = []
    for n, (code, person, task, days, hours) in enumerate([
                ('P-100', 'E-001', 'Discovery', 9, 7.5),
                ('P-100', 'E-001', 'Discovery', 8, 6.0),
                ('P-100', 'E-002', 'Analysis', 8, 8.0),
                ('P-100', 'E-003', 'Analysis', 7, 4.25),
                ('P-200', 'E-002', 'Set-up', 6, 7.0),
                ('P-200', 'E-003', 'Training', 5, 3.5)]):
        lines.append({'uuid': str(uuid.uuid5(uuid.NAMESPACE_URL,
                        'urn:hub:timesheet:%d' % n)),
                'company': company, 'employee': employees[person],
                'date': today - dt.timedelta(days),
                'duration': dt.timedelta(hours=hours),
                'work': works[code][task],
                'description': 'seed %d' % n})
    known = {l['uuid'] for l in c.search_read('timesheet.line',
            [('uuid', 'in', [l['uuid'] for l in lines])], ['uuid'])}
    fresh = [l for l in lines if l['uuid'] not in known]
    if fresh:
        c.create('timesheet.line', *fresh)
    log('timesheet lines: %d new, %d already there' % (
            len(fresh), len(known)))

    # bill project P-100 from its timesheets --------------------------------
    project = works['P-100']['project']
    before, = c.read('project.work', [project],
        ['amount_to_invoice', 'invoiced_amount', 'timesheet_duration',
            'cost', 'revenue'])
    log('P-100 %s' % before)
    invoices = c.search('account.invoice', [
            ('party', '=', customers['C-100']), ('type', '=', 'out'),
            ('description', '=', 'P-100 Rail timetable review')])
    if not invoices and before['amount_to_invoice']:
        c.button('project.work', 'invoice', [project])
        invoices = c.search('account.invoice', [
                ('party', '=', customers['C-100']), ('type', '=', 'out'),
                ('state', '=', 'draft')])
        log('draft invoice %s from timesheets' % invoices)
    invoice = invoices[0]
    state, = c.read('account.invoice', [invoice], ['state'])
    if state['state'] == 'draft':
        c.write('account.invoice', [invoice], {'invoice_date': today})
        c.accept(c.button, 'account.invoice', 'post', [invoice])
    fields = ['number', 'state', 'invoice_date', 'untaxed_amount',
        'tax_amount', 'total_amount', 'amount_to_pay', 'reconciled',
        'payment_lines', 'rec_name']
    row, = c.read('account.invoice', [invoice], fields)
    log('invoice %s' % row)
    if row['state'] == 'posted' and not row['payment_lines']:
        half = (row['total_amount'] / 2).quantize(Decimal('0.01'))
        pay(c, invoice, half, currency, company, method, 'part payment')
        row, = c.read('account.invoice', [invoice], fields)
        log('after part payment %s' % row)
        pay(c, invoice, row['amount_to_pay'], currency, company, method,
            'rest')
        row, = c.read('account.invoice', [invoice], fields)
        log('after full payment %s' % row)

    # a direct customer invoice, left posted and unpaid -------------------
    direct = c.search('account.invoice', [('reference', '=', 'HUB-0001')])
    if not direct:
        revenue_journal, = c.search('account.journal',
            [('type', '=', 'revenue')], limit=1)
        party, = c.read('party.party', [customers['C-200']], ['addresses'])
        receivable, = c.read('account.configuration', [1],
            ['default_account_receivable'])
        direct = c.create('account.invoice', {
                'type': 'out', 'company': company, 'currency': currency,
                'journal': revenue_journal, 'reference': 'HUB-0001',
                'party': customers['C-200'],
                'invoice_address': party['addresses'][0],
                'account': receivable['default_account_receivable'],
                'payment_term': term,
                'invoice_date': today,
                'lines': [('create', [{
                                'type': 'line', 'company': company,
                                'currency': currency,
                                'account': revenue, 'quantity': 10,
                                'product': product, 'unit': hour,
                                'unit_price': Decimal('100'),
                                'description': 'Set-up, fixed fee',
                                'taxes': [('add', [tax])]}])]})
        c.accept(c.button, 'account.invoice', 'post', direct)
    row, = c.read('account.invoice', direct, fields)
    log('direct invoice %s' % row)

    # a sales lead, so that the same server can stand in for a CRM --------
    opportunity, _ = c.ensure('sale.opportunity',
        [('description', '=', 'Depot planning study')],
        {'party': customers['C-100'], 'company': company,
            'description': 'Depot planning study',
            'start_date': today, 'amount': Decimal('25000'),
            'employee': employees['E-001'],
            'lines': [('create', [{'product': product, 'quantity': 200,
                            'unit': hour}])]})
    row, = c.read('sale.opportunity', [opportunity],
        ['number', 'state', 'amount', 'conversion_probability'])
    log('opportunity %s' % row)
    done.update(company=company, currency=currency, employees=employees,
        works=works, customers=customers, currencies=currencies,
        product=product, products=products, analytic_root=analytic, tax=tax,
        invoice=invoice, direct=direct[0], method=method, hub=hub)
    return done


def pay(c, invoice, amount, currency, company, method, text):
    """Register a customer payment with the server's own wizard.

    A payment of the full rest ends the wizard at once; any other amount makes
    the server answer with the view 'ask', where type 'partial' keeps the
    invoice open.
    """
    context = {'active_model': 'account.invoice', 'active_id': invoice,
        'active_ids': [invoice]}
    name = 'wizard.account.invoice.pay'
    session, _, _ = c.call(name + '.create', **context)
    try:
        c.call(name + '.execute', session, {}, 'start', **context)
        answer = c.call(name + '.execute', session, {'start': {
                    'amount': amount, 'currency': currency,
                    'currency_digits': 2, 'company': company,
                    'payment_method': method, 'description': text,
                    'date': today}}, 'choice', **context)
        if 'view' in answer:
            ask = {k: v for k, v in answer['view']['defaults'].items()
                if not k.endswith('.') and k != 'id'}
            ask['type'] = 'partial'
            c.call(name + '.execute', session, {'ask': ask}, 'pay', **context)
    finally:
        c.call(name + '.delete', session, **context)


def main(argv):
    if len(argv) > 1 and argv[1] != 'seed':
        print(__doc__)
        return 0 if argv[1] in ('-h', '--help', 'help') else 2
    started = time.monotonic()
    c = connect()
    print(json.dumps(seed(c)))
    print('tryton-seed: %d HTTP calls, %.1f s' % (
            c.calls, time.monotonic() - started))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))
