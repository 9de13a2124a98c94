using System.Text;
using Throughline.Landscape;
using Xunit;

namespace Throughline.Tests.Landscape;

public sealed class When_garbage_is_read : LandscapeFolderFixture
{
    private static readonly string[] Paths =
    [
        "landscape.yaml", "systems/crm.yaml", "ownership.yaml", "maps/in/customer.yaml",
        "maps/out/erp-customer.yaml", "values/countries.yaml", "templates/t.yaml", "processes/onboard.yaml",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Should_answer_with_problems_and_never_throw(int seed)
    {
        var random = new Random(seed);
        foreach (var path in Paths)
        {
            var full = Path.Combine(Folder, path);
            var sound = File.Exists(full) ? File.ReadAllBytes(full) : "template: t\ntasks:\n  - { name: a, share: 1 }\n"u8.ToArray();
            for (var round = 0; round < 40; round++)
            {
                Write(path, Garble(sound, round, random));
                var result = Read();
                Assert.True(result.IsUsable || result.Problems.Any(problem => problem.Severity == Severity.Error), $"seed {seed}, {path}, round {round}");
                Assert.All(result.Problems, problem => Assert.True(problem.Place.Line >= 1 && problem.Message.Length < 2_000));
            }

            Write(path, sound);
        }
    }

    /// <summary>Bytes at random, YAML's own marks at random, or the sound file with parts changed, doubled or cut off.</summary>
    private static byte[] Garble(byte[] sound, int round, Random random)
    {
        const string Marks = "{}[]:,-?&*!|>'\"%@`#\n \t~abc01.\\$()";
        switch (round % 3)
        {
            case 0:
                var bytes = new byte[random.Next(400)];
                random.NextBytes(bytes);
                return bytes;
            case 1:
                return Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(400)).Select(_ => Marks[random.Next(Marks.Length)])));
            default:
                var text = sound.ToList();
                for (var i = random.Next(1, 6); i > 0 && text.Count > 2; i--)
                {
                    var at = random.Next(text.Count - 1);
                    switch (random.Next(4))
                    {
                        case 0: text[at] = (byte)Marks[random.Next(Marks.Length)]; break;
                        case 1: text.RemoveRange(at, random.Next(text.Count - at)); break;
                        case 2: text.InsertRange(at, text.GetRange(0, at)); break;
                        default: text.RemoveAt(at); break;
                    }
                }

                return [.. text];
        }
    }
}
