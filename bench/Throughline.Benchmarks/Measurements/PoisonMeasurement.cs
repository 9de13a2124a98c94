using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Entries;
using Throughline.Model;

namespace Throughline.Benchmarks.Measurements;

/// <summary>Entries of which each 500th cannot be worked, in turns with sound ones.</summary>
internal sealed class PoisonMeasurement : Measurement
{
    private const int Each = 500;

    public override string Name => "poison";

    public override string About => "entries of which each 500th cannot be decided or cannot be stored, against sound ones [--entries 20000 a look, --warm-up 30000]";

    public override async Task<IReadOnlyList<Finding>> MeasureAsync(string store, Options options)
    {
        var looks = options.Looks(3);
        var findings = new List<Finding>();
        foreach (var isStored in new[] { false, true })
        {
            PoisonedStore? poisoned = null;
            await using var stage = await EntryStage.OpenAsync(store, decorate: inner => poisoned = new PoisonedStore(inner, isStored));
            var count = options.Size("entries", 20_000, 500);
            await stage.PlayAsync(options.Size("warm-up", 30_000, 500));
            var (measured, limit, ratio) = await InTurnsAsync(looks, async () => count / await stage.PlayAsync(count), async () =>
            {
                poisoned!.IsOn = true;
                var rate = count / await stage.PlayAsync(count, count / Each);
                poisoned.IsOn = false;
                return rate;
            });
            var parked = (await stage.Store.ListParkedAsync(null, int.MaxValue, CancellationToken.None)).Length;
            if (parked != looks * (count / Each))
            {
                throw new BenchException($"{parked} entries were parked instead of {looks * (count / Each)}");
            }

            findings.Add(new Finding(
                isStored ? "each 500th entry cannot be stored" : "each 500th entry cannot be decided", store, measured, "entries/s", limit, "entries/s, all sound", ratio,
                new Wanted(OfRatio: true, AtLeast: true, 0.95)));
        }

        return findings;
    }

    /// <summary>A store in which one of every 500 entries is damaged where it is read, or refused where it is written.</summary>
    private sealed class PoisonedStore(IHubStore inner, bool refuses) : MeasuredStore(inner, TimeProvider.System)
    {
        private readonly HashSet<EnvelopeId> _struck = [];
        private readonly Lock _gate = new();
        private int _read;
        private HashSet<EnvelopeId> _seen = [];

        public bool IsOn
        {
            get;
            set
            {
                lock (_gate)
                {
                    (field, _read, _seen) = (value, 0, []);
                }
            }
        }

        public override async Task<EntryWork> ReadEntryWorkAsync(ImmutableArray<int> partitions, DateTimeOffset now, int maxEach, CancellationToken cancellation)
        {
            var work = await base.ReadEntryWorkAsync(partitions, now, maxEach, cancellation);
            if (!IsOn)
            {
                return work;
            }

            lock (_gate)
            {
                // What could not be committed is read again, and is the same then.
                foreach (var envelope in work.Envelopes.Where(envelope => envelope.Kind == EnvelopeKind.Entry && _seen.Add(envelope.Id) && ++_read % Each == 0))
                {
                    _struck.Add(envelope.Id);
                }

                return refuses ? work : work with { Envelopes = [.. work.Envelopes.Select(envelope => _struck.Contains(envelope.Id) ? Damage(envelope) : envelope)] };
            }
        }

        public override Task CommitEntriesAsync(ImmutableArray<EntryCommit> commits, CancellationToken cancellation)
        {
            lock (_gate)
            {
                if (refuses && commits.SelectMany(commit => commit.Rows).Any(row => _struck.Contains(row.Envelope)))
                {
                    throw new InvalidOperationException("no column can keep this");
                }
            }

            return base.CommitEntriesAsync(commits, cancellation);
        }

        // As an entry that another scope passes on, under an id that is none.
        private static Envelope Damage(Envelope envelope) =>
            envelope with { Content = envelope.Content with { Payload = envelope.Payload.With("attributes", Fields.Empty).With("id", "damaged") } };
    }
}
