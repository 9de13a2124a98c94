using System.Collections.Immutable;
using System.Text;
using Throughline.Connect;
using Throughline.Landscape;
using Xunit;

namespace Throughline.Tests.Landscape;

/// <summary>A small, sound landscape in a folder of its own; a test changes one file of it and reads it.</summary>
public abstract class LandscapeFolderFixture : IDisposable
{
    protected const string Head = """
        name: small
        title: A small firm
        legalEntities:
          DE: { name: Small GmbH, country: DE, currency: EUR }
        roles:
          crm: crm
          erp: erp
        """;

    protected const string Crm = """
        system: crm
        kind: shop
        connection:
          url: https://crm.example
          key: env:CRM_KEY
        read:
          - { entity: Account, every: 5s }
        """;

    protected const string Erp = """
        system: erp
        kind: books
        connection:
          url: https://erp.example
        """;

    protected const string Ownership = """
        customer:
          default: crm
          attributes:
            number: hub
        """;

    protected const string Customer = """
        map: customer
        system: crm
        entity: Account
        to: customer
        key: source.Id
        fields:
          name: source.Name
          country: lookup('countries', source.Country)
        """;

    protected const string Countries = """
        map: countries
        values:
          Germany: DE
          Norway: NO
        """;

    protected const string ErpCustomer = """
        map: erp-customer
        from: customer
        role: erp
        entity: party
        find:
          code: customer.number
        fields:
          code: customer.number
          name: customer.name
        """;

    protected const string Process = """
        process: onboard
        version: 1
        title: Onboard a customer
        purpose: The customer stands in the ERP.
        owner: finance
        subject: customer
        startsWhen: customer.name != null
        steps:
          - step: check
            kind: check
            title: Is it complete?
            checks:
              - check: country
                holds: customer.country != null
                case: { queue: data-steward, says: "'No country'", remedy: "'Give one'" }
          - step: book
            kind: write
            title: In the ERP
            map: erp-customer
            keep: customers stay
            case: { queue: finance-ops, says: "'Refused: ' + failure.message", remedy: "'Mend it'" }
        """;

    private readonly string _root = Directory.CreateTempSubdirectory("landscape-").FullName;

    protected LandscapeFolderFixture()
    {
        Write("landscape.yaml", Head);
        Write("systems/crm.yaml", Crm);
        Write("systems/erp.yaml", Erp);
        Write("ownership.yaml", Ownership);
        Write("maps/in/customer.yaml", Customer);
        Write("maps/out/erp-customer.yaml", ErpCustomer);
        Write("values/countries.yaml", Countries);
        Write("processes/onboard.yaml", Process);
    }

    protected static ImmutableArray<Manifest> Manifests { get; } =
    [
        new Manifest
        {
            Kind = "shop", Title = "Shop", Summary = "A CRM.",
            Configuration =
            [
                new ConfigurationField { Name = "url", Kind = FieldKind.Address, Summary = "address", Required = true },
                new ConfigurationField { Name = "key", Kind = FieldKind.Secret, Summary = "key" },
                new ConfigurationField { Name = "pages", Kind = FieldKind.Whole, Summary = "pages", Default = 10L, Min = 1, Max = 100 },
            ],
            Entities =
            [
                new EntityManifest
                {
                    Name = "Account", Summary = "a", Changes = ChangeDetection.Incremental, Writes = [WriteOperation.Update], FindKeys = [["Id"]],
                },
                new EntityManifest { Name = "Deal", Summary = "d", Changes = ChangeDetection.Incremental },
            ],
        },
        new Manifest
        {
            Kind = "books", Title = "Books", Summary = "An ERP.",
            Configuration = [new ConfigurationField { Name = "url", Kind = FieldKind.Address, Summary = "address", Required = true }],
            Entities =
            [
                new EntityManifest
                {
                    Name = "party", Summary = "p", Changes = ChangeDetection.Sweep, Writes = [WriteOperation.Create, WriteOperation.Update],
                    FindKeys = [["code"], ["name", "city"]],
                },
                new EntityManifest { Name = "ledger", Summary = "l" },
            ],
        },
    ];

    protected Dictionary<string, string> Shipped { get; } = [];

    protected Dictionary<string, string?> Environment { get; } = [];

    protected string Folder => Path.Combine(_root, "small");

    public void Dispose()
    {
        Directory.Delete(_root, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    protected void Write(string path, byte[] bytes)
    {
        var full = Path.Combine(Folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, bytes);
    }

    /// <summary>The file with one text replaced by another, which must be there.</summary>
    protected void Change(string path, string from, string to)
    {
        var text = File.ReadAllText(Path.Combine(Folder, path));
        Assert.Contains(from, text, StringComparison.Ordinal);
        Write(path, text.Replace(from, to, StringComparison.Ordinal));
    }

    protected void Delete(string path) => File.Delete(Path.Combine(Folder, path));

    protected LandscapeResult Read() =>
        LandscapeReader.Read(Folder, Manifests, Shipped, new HashSet<string> { "plan" }, name => Environment.GetValueOrDefault(name));

    protected Throughline.Landscape.Landscape ReadSound()
    {
        var result = Read();
        Assert.Empty(result.Problems);
        return Assert.IsType<Throughline.Landscape.Landscape>(result.Landscape);
    }

    /// <summary>Exactly one problem, at this place, saying this.</summary>
    protected LandscapeProblem AssertOnly(Severity severity, string code, string place, params string[] words)
    {
        var result = Read();
        var problem = Assert.Single(result.Problems);
        Assert.Equal((severity, code, place), (problem.Severity, problem.Code, problem.Place.ToString()));
        Assert.All(words, word => Assert.Contains(word, problem.Message, StringComparison.Ordinal));
        Assert.Equal(severity == Severity.Warning, result.IsUsable);
        return problem;
    }

    protected LandscapeProblem AssertError(string code, string place, params string[] words) => AssertOnly(Severity.Error, code, place, words);

    protected LandscapeProblem AssertWarning(string code, string place, params string[] words) => AssertOnly(Severity.Warning, code, place, words);
}
