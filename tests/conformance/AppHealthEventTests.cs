using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Sidecars;
using Google.Protobuf;
using Client = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace DaprShop.Conformance.Tests;

/// <summary>What becomes of events, streams and bindings of an app that says that it is unwell.</summary>
public sealed class AppHealthEventTests(AppHealthWard ward) : AppHealthTest(ward)
{
    [Fact]
    public async Task What_is_published_meanwhile_comes_when_it_is_well()
    {
        SkipWithoutRedis();
        await UnwellAsync();
        await PublishAsync("lasting", "lasting-news");
        await Task.Delay(1500);
        Assert.Equal(0, Events());
        await WellAsync();
        await World["patient"].HeardAsync(IsEvent);
        await Task.Delay(500);
        Assert.Equal(1, Events());
    }

    [Fact]
    public async Task What_it_is_at_it_may_end()
    {
        var door = await UnwellAtWorkAsync();
        door.SetResult();
        await Task.Delay(1000);
        await WellAsync();
        await Task.Delay(1000);
        Assert.Equal(1, Events());
    }

    [Fact]
    public async Task What_it_fails_at_meanwhile_comes_again()
    {
        var door = await UnwellAtWorkAsync();
        door.SetException(new InvalidOperationException("as the test wishes"));
        await Task.Delay(1000);
        Ward.Patient.Door = Task.CompletedTask;
        await WellAsync();
        await World["patient"].HeardAsync(IsEvent, 2);
        Assert.DoesNotContain(
            World["patient"].Log, heard => heard.Path == "/on/graves" && heard.Text.Contains(Mark, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stream_flows_on()
    {
        await UnwellAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var stream = new Client(World.Grpc("patient")).SubscribeTopicEventsAlpha1(cancellationToken: limit.Token);
        await stream.RequestStream.WriteAsync(new SubscribeTopicEventsRequestAlpha1
        {
            InitialRequest = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = "pubsub", Topic = Mark },
        });
        Assert.True(await stream.ResponseStream.MoveNext(limit.Token));
        await Task.Delay(100);
        await PublishAsync("pubsub", Mark, "patient");
        Assert.True(await stream.ResponseStream.MoveNext(limit.Token));
        Assert.Equal(Mark, stream.ResponseStream.Current.EventMessage.Data.ToStringUtf8());
    }

    [Fact]
    public async Task Bindings_are_silent_meanwhile()
    {
        await World["patient"].HeardAsync(heard => heard.Path == "/patient-tick");
        await UnwellAsync();
        var ticks = 0;
        // One that was told before may be heard a little later.
        await TestWorld.EventuallyAsync(
            async () =>
            {
                ticks = Ticks();
                await Task.Delay(2200);
                return ticks == Ticks();
            },
            "the binding to be silent");
        await WellAsync();
        await World["patient"].HeardAsync(heard => heard.Path == "/patient-tick", ticks + 2);
    }

    [Fact]
    public async Task Whether_it_wants_a_binding_it_is_asked_again()
    {
        var asked = World["patient"].Log.Count(IsQuestion);
        Assert.InRange(asked, 1, int.MaxValue);
        await UnwellAsync();
        await WellAsync();
        await World["patient"].HeardAsync(IsQuestion, asked + 1);
        Assert.DoesNotContain(World["patient"].Log, heard => heard is { Method: "OPTIONS", Path: "/patient-tick" });

        static bool IsQuestion(Heard heard) => heard is { Method: "OPTIONS", Path: "/patient-tock" };
    }

    private void SkipWithoutRedis() =>
        Assert.SkipWhen(World.Sidecars.RedisHost is null, "needs a broker that keeps messages: redis-server is not on the path");

    private bool IsEvent(Heard heard) => heard.Path == "/on/lasting-news" && heard.Text.Contains(Mark, StringComparison.Ordinal);

    private int Events() => World["patient"].Log.Count(IsEvent);

    private int Ticks() => World["patient"].Log.Count(heard => heard.Path == "/patient-tick");

    private async Task PublishAsync(string pubsub, string topic, string app = "asker") => await new Client(World.Grpc(app)).PublishEventAsync(
        new PublishEventRequest { PubsubName = pubsub, Topic = topic, Data = ByteString.CopyFromUtf8(Mark), DataContentType = "text/plain" });

    /// <summary>It is at an event, and unwell; how that event ends is up to the test.</summary>
    private async Task<TaskCompletionSource> UnwellAtWorkAsync()
    {
        SkipWithoutRedis();
        var door = new TaskCompletionSource();
        Ward.Patient.Door = door.Task;
        await PublishAsync("lasting", "lasting-news");
        await World["patient"].HeardAsync(IsEvent);
        // Its actors stay, in daprd, until it is done with the event.
        Ward.Patient.Status = 500;
        await RefusedAsync();
        return door;
    }
}
