using System.Globalization;
using System.Text;
using Throughline.Conformance.Order;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Model;

/// <summary>A document behaves as a list of names and values in order, whatever stands behind it.</summary>
public sealed class When_documents_are_made
{
    [Theory]
    [InlineData(4)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(40)]
    public void Should_behave_as_a_list_of_names_in_order(int names)
    {
        var random = new Random(TestSeed.Value ^ names);
        var (fields, model) = (Fields.Empty, new List<(string Name, object? Value)>());
        for (var i = 0; i < 2_000; i++)
        {
            var before = (fields, fields.ToJson());
            switch (random.Next(4))
            {
                case 0:
                    var gone = Name(random, names);
                    fields = fields.Without(gone);
                    model.RemoveAll(pair => pair.Name == gone);
                    break;
                case 1:
                    var newer = Enumerable.Range(0, random.Next(names)).Select(_ => Name(random, names)).Distinct().Select(name => (name, Value(random))).ToArray();
                    fields = fields.Merge(Fields.Of(newer));
                    Array.ForEach(newer, pair => Set(model, pair.name, pair.Item2));
                    break;
                default:
                    var (set, value) = (Name(random, names), Value(random));
                    fields = fields.With(set, value);
                    Set(model, set, value);
                    break;
            }

            Same(model, fields, names);
            Assert.Equal(before.Item2, before.fields.ToJson());
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(30)]
    public void Should_refuse_a_name_that_stands_twice(int count)
    {
        var pairs = Enumerable.Range(0, count).Select(n => ("n" + n.ToString(CultureInfo.InvariantCulture), (object?)n)).ToArray();
        Assert.Equal(count, Fields.Of(pairs).Count);
        pairs[^1] = (pairs[0].Item1, 1);

        Assert.Contains("'n0' stands twice", Assert.Throws<ArgumentException>(() => Fields.Of(pairs)).Message, StringComparison.Ordinal);
        var json = "{" + string.Join(",", pairs.Select(pair => $"\"{pair.Item1}\":1")) + "}";
        Assert.Contains("'n0' stands twice", Assert.Throws<FormatException>(() => Fields.Parse(json)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_be_the_same_after_having_been_stored()
    {
        object?[] numbers = [15_000m, 3m, 3.0m, 3.50m, -0m, 0m, 7, 2.0, (decimal)long.MaxValue, decimal.MaxValue, ulong.MaxValue, -5m, 1e15];
        foreach (var number in numbers)
        {
            var fields = Fields.Of(("n", number), ("money", Money.Of(12m, "EUR")), ("list", new[] { number, 4m }));
            var stored = Fields.Parse(fields.ToJson());

            Assert.Equal(fields, stored);
            // An expression divides whole numbers otherwise than others, so even the type must be the same.
            Assert.Equal(stored["n"]!.GetType(), fields["n"]!.GetType());
            Assert.Equal(stored.Nested("money")!["amount"]!.GetType(), fields.Nested("money")!["amount"]!.GetType());
            Assert.Equal(stored.List("list").Select(item => item!.GetType()), fields.List("list").Select(item => item!.GetType()));
        }
    }

    [Fact]
    public void Should_read_the_right_name_where_many_look_alike()
    {
        // Same length, first, middle and last letter: one place in whatever remembers names by these.
        var names = Enumerable.Range(0, 200).Select(n => $"a{(char)('a' + (n % 20))}b{(char)('a' + (n / 20))}c").Distinct().ToArray();
        string[] odd = ["", "é", "名前", "a\"b", "a\\b", "a\u0000b", "tab\t", new string('x', 64), new string('x', 65), new string('y', 64)];
        for (var round = 0; round < 3; round++)
        {
            foreach (var name in names.Concat(odd))
            {
                Assert.Equal(name, Assert.Single(Fields.Parse(Fields.Of((name, 1)).ToJson()).Keys));
            }
        }

        Assert.Throws<FormatException>(() => Fields.Parse([.. "{\""u8, 0xff, 0xfe, .. "\":1}"u8]));
    }

    [Fact]
    public void Should_read_and_be_read_by_many_threads_at_once()
    {
        var names = Enumerable.Range(0, 200).Select(n => $"a{(char)('a' + (n % 20))}b{(char)('a' + (n / 20))}c").ToArray();
        var json = "{" + string.Join(",", names.Select((name, n) => $"\"{name}\":{n}")) + "}";
        var utf8 = Encoding.UTF8.GetBytes(json);
        for (var round = 0; round < 20; round++)
        {
            var shared = Fields.Parse(utf8);
            Parallel.For(0, 16, new ParallelOptions { MaxDegreeOfParallelism = 8 }, thread =>
            {
                var own = Fields.Parse(utf8);
                for (var n = 0; n < names.Length; n++)
                {
                    var place = (n + (thread * 13)) % names.Length;
                    Assert.Equal((long)place, shared[names[place]]);
                    Assert.Equal((long)place, own[names[place]]);
                }
            });
        }
    }

    private static void Set(List<(string Name, object? Value)> model, string name, object? value)
    {
        var place = model.FindIndex(pair => pair.Name == name);
        if (place < 0)
        {
            model.Add((name, value));
        }
        else
        {
            model[place] = (name, value);
        }
    }

    private static void Same(List<(string Name, object? Value)> model, Fields fields, int names)
    {
        Assert.Equal(model.Select(pair => pair.Name), fields.Keys);
        Assert.Equal(model.Select(pair => pair.Value), fields.Values);
        Assert.Equal(model.Count, fields.Count);
        for (var n = 0; n < names; n++)
        {
            var name = "name" + n.ToString(CultureInfo.InvariantCulture);
            var place = model.FindIndex(pair => pair.Name == name);
            Assert.Equal(place >= 0, fields.ContainsKey(name));
            Assert.Equal(place >= 0, fields.TryGetValue(name, out var value));
            Assert.Equal(place >= 0 ? model[place].Value : null, value);
            Assert.Equal(value, fields.Get(name));
        }

        var reversed = Fields.Of([.. Enumerable.Reverse(model)]);
        Assert.Equal(reversed, fields);
        Assert.Equal(reversed.Fingerprint(), fields.Fingerprint());
    }

    private static string Name(Random random, int names) => "name" + random.Next(names).ToString(CultureInfo.InvariantCulture);

    private static object? Value(Random random) => random.Next(4) switch
    {
        0 => null,
        1 => (long)random.Next(10),
        2 => "text" + random.Next(10).ToString(CultureInfo.InvariantCulture),
        _ => random.Next(2) == 0,
    };
}
