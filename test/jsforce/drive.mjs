// Drives a Salesforce sandbox with jsforce and prints what it saw as one JSON object. Usage: node drive.mjs <url>
import jsforce from 'jsforce';

const url = process.argv[2];
const seen = {};
const plain = (result) => ({ success: result.success, errors: (result.errors ?? []).map((e) => e.statusCode ?? e.errorCode) });

const login = new jsforce.Connection({
  loginUrl: url,
  version: '60.0',
  oauth2: { loginUrl: url, clientId: '3MVG9sandboxConsumerKey', clientSecret: 'sandbox-consumer-secret' },
});
const user = await login.authorize({ grant_type: 'client_credentials' });
seen.instanceUrl = login.instanceUrl;
seen.organization = user.organizationId;

// A connection from a bare access token, as other tools make it.
const conn = new jsforce.Connection({ instanceUrl: login.instanceUrl, accessToken: login.accessToken, version: '60.0' });

const account = await conn.sobject('Account').create({ Name: 'Søren & Çağ 株式会社', Hub_Key__c: 'acc/1', Tax_Id__c: 'DK123' });
seen.created = account.success;
seen.read = await conn.sobject('Account').retrieve(account.id, { fields: ['Name', 'Tax_Id__c'] }).then((r) => r.Name);
seen.updated = (await conn.sobject('Account').update({ Id: account.id, BillingCountry: 'Denmark' })).success;

const upserted = await conn.sobject('Account').upsert({ Hub_Key__c: 'acc-2', Name: 'Second' }, 'Hub_Key__c');
const again = await conn.sobject('Account').upsert({ Hub_Key__c: 'acc-2', Name: 'Second, renamed' }, 'Hub_Key__c');
seen.upsert = { first: upserted.created, second: again.created, same: upserted.id === again.id };

const many = await conn.sobject('Account').create(Array.from({ length: 450 }, (_, i) => ({ Name: `Bulk ${String(i).padStart(3, '0')}` })), { allowRecursive: true });
seen.collection = many.filter((r) => r.success).length;
const mixed = await conn.sobject('Contact').create([{ LastName: 'Good' }, { FirstName: 'Nameless' }]);
seen.partial = mixed.map(plain);
const changed = await conn.sobject('Account').update(many.slice(0, 3).map((r) => ({ Id: r.id, Industry: 'Consulting' })));
seen.changed = changed.filter((r) => r.success).length;
const both = await conn.sobject('Account').upsert([{ Hub_Key__c: 'acc-2', Name: 'B2' }, { Hub_Key__c: 'acc-3', Name: 'B3' }], 'Hub_Key__c');
seen.upserts = both.map((r) => r.created);

const first = await conn.query("SELECT Id, Name FROM Account WHERE Name LIKE 'Bulk%' ORDER BY Name");
let rows = first.records.length;
let pages = 1;
for (let page = first; !page.done; pages++) {
  page = await conn.queryMore(page.nextRecordsUrl);
  rows += page.records.length;
}
seen.paging = { total: first.totalSize, rows, pages };

const opportunity = await conn.sobject('Opportunity').create({
  Name: 'Rollout', StageName: 'Closed Won', CloseDate: '2026-11-20', AccountId: account.id, CurrencyIsoCode: 'EUR',
});
await conn.sobject('OpportunityLineItem').create([
  { OpportunityId: opportunity.id, Quantity: 10, UnitPrice: 120.5, Workstream__c: 'WS1' },
  { OpportunityId: opportunity.id, Quantity: 1, TotalPrice: 400, Workstream__c: 'WS2' },
]);
const deal = (await conn.query(`SELECT Name, IsWon, Amount, Account.Name, (SELECT Workstream__c, TotalPrice FROM OpportunityLineItems ORDER BY Workstream__c)
  FROM Opportunity WHERE Id = '${opportunity.id}'`)).records[0];
seen.deal = { won: deal.IsWon, amount: deal.Amount, account: deal.Account.Name, lines: deal.OpportunityLineItems.records.map((l) => l.TotalPrice) };

const composite = await conn.requestPost('/services/data/v60.0/composite', {
  allOrNone: true,
  compositeRequest: [
    { method: 'PATCH', url: '/services/data/v60.0/sobjects/Account/Hub_Key__c/acc-4', referenceId: 'acc', body: { Name: 'Composite' } },
    { method: 'POST', url: '/services/data/v60.0/sobjects/Contact', referenceId: 'con', body: { LastName: 'Of', AccountId: '@{acc.id}' } },
  ],
});
seen.composite = composite.compositeResponse.map((r) => r.httpStatusCode);

seen.destroyed = (await conn.sobject('Account').destroy(many.slice(0, 5).map((r) => r.id))).filter((r) => r.success).length;
seen.destroyedOne = (await conn.sobject('Account').destroy(many[5].id)).success;
seen.left = (await conn.query("SELECT COUNT() FROM Account WHERE Name LIKE 'Bulk%'")).totalSize;
seen.withDeleted = (await conn.query("SELECT Id FROM Account WHERE IsDeleted = true", { scanAll: true })).totalSize;
seen.described = (await conn.sobject('Opportunity').describe()).fields.some((f) => f.name === 'Hub_Key__c' && f.externalId);
seen.limit = conn.limitInfo.apiUsage.limit;

try {
  await conn.query('SELECT Nonsense FROM Account');
} catch (error) {
  seen.error = error.errorCode;
}

try {
  await conn.sobject('Account').create({ Name: 'Twin', Hub_Key__c: 'acc-2' });
} catch (error) {
  seen.duplicate = error.errorCode;
}

console.log(JSON.stringify(seen));
