using System.Net;
using Throughline.Connect;
using Throughline.Model;
using Throughline.Tests.Engine.Delivery;
using Xunit;

namespace Throughline.Tests.Connect;

/// <summary>
/// Invariant 3: a process that stood still between two requests of one call (frozen, suspended, starved) does not send the second one minutes later, when another hub has
/// asked the target and may have sent the write itself.
/// </summary>
public sealed class When_a_call_is_late
{
    private static readonly Uri Address = new("http://erp.example/");
    private static readonly DateTimeOffset Start = new(2026, 11, 22, 9, 0, 0, TimeSpan.Zero);

    private readonly ManualClock _clock = new(Start);
    private readonly Line _line = new();

    [Fact]
    public async Task Should_not_begin_a_request_after_its_time()
    {
        using var pipeline = new HttpPipeline(_line, null, [Address]);
        using (CallDeadline.Until(Start.AddSeconds(35), TimeSpan.FromSeconds(35), _clock))
        {
            Assert.Null((await SendAsync(pipeline)).Failure);
            _clock.Pass(TimeSpan.FromSeconds(36));
            var late = (await SendAsync(pipeline)).Failure;

            Assert.IsType<Failure.Transient>(late);
            Assert.Contains("nothing was sent to erp.example", late.Message, StringComparison.Ordinal);
        }

        Assert.Equal(1, _line.Answered);
        // The deadline was that of the one call.
        Assert.Null((await SendAsync(pipeline)).Failure);
    }

    [Fact]
    public async Task Should_not_send_what_waited_too_long_for_a_connection()
    {
        using var pipeline = new HttpPipeline(_line, null, [Address]);
        _line.Connecting = () => _clock.Pass(TimeSpan.FromSeconds(36));
        using var deadline = CallDeadline.Until(Start.AddSeconds(35), TimeSpan.FromSeconds(35), _clock);

        var late = (await SendAsync(pipeline)).Failure;

        Assert.IsType<Failure.Transient>(late);
        Assert.Equal(0, _line.Answered);
    }

    /// <summary>What a write has made is asked for after it, and asking does no harm at any time.</summary>
    [Fact]
    public async Task Should_still_read_what_the_write_has_made()
    {
        using var pipeline = new HttpPipeline(_line, null, [Address]);
        using var deadline = CallDeadline.Until(Start.AddSeconds(35), TimeSpan.FromSeconds(35), _clock);
        _clock.Pass(TimeSpan.FromSeconds(36));
        using (CallDeadline.None())
        {
            Assert.Null((await SendAsync(pipeline)).Failure);
        }

        Assert.True(CallDeadline.HasPassed);
    }

    /// <summary>A clock that was set back between claim and call gives no more time than there was.</summary>
    [Fact]
    public void Should_give_no_more_time_than_a_call_has()
    {
        using var deadline = CallDeadline.Until(Start.AddMinutes(10), TimeSpan.FromSeconds(35), _clock);

        Assert.Equal(TimeSpan.FromSeconds(35), CallDeadline.Left);
    }

    [Fact]
    public async Task Should_send_content_and_its_headers_as_they_were()
    {
        using var pipeline = new HttpPipeline(_line, null, [Address]);

        await SendAsync(pipeline);

        Assert.Equal("{\"a\":1}", _line.Body);
        Assert.Equal("application/json; charset=utf-8 7", _line.Headers);
    }

    /// <summary>A clock that is set back does not give it more time.</summary>
    [Fact]
    public void Should_count_the_time_that_went_by_as_well()
    {
        var turned = new Turned(_clock);
        using var deadline = CallDeadline.Until(Start.AddSeconds(35), TimeSpan.FromSeconds(35), turned);
        turned.Off = TimeSpan.FromMinutes(-10);

        Assert.False(CallDeadline.HasPassed);
        _clock.Pass(TimeSpan.FromSeconds(36));
        Assert.True(CallDeadline.HasPassed);
    }

    private static Task<HttpResult> SendAsync(HttpPipeline pipeline) => pipeline.SendAsync(
        () => new HttpRequestMessage(HttpMethod.Post, Address) { Content = new StringContent("{\"a\":1}", System.Text.Encoding.UTF8, "application/json") },
        safe: false, CancellationToken.None);

    /// <summary>The wire: takes a while to be there, then takes what is sent.</summary>
    private sealed class Line : HttpMessageHandler
    {
        public Action Connecting { get; set; } = () => { };

        public int Answered { get; private set; }

        public string? Body { get; private set; }

        public string? Headers { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Connecting();
            Headers = $"{request.Content!.Headers.ContentType} {request.Content.Headers.ContentLength}";
            Body = await request.Content.ReadAsStringAsync(cancellationToken);
            Answered++;
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("ok") };
        }
    }

    private sealed class Turned(TimeProvider clock) : TimeProvider
    {
        public TimeSpan Off { get; set; }

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() + Off;

        public override long TimestampFrequency => clock.TimestampFrequency;

        public override long GetTimestamp() => clock.GetTimestamp();
    }
}
