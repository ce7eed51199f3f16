using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Sidecars;
using Google.Protobuf;
using Grpc.Core;
using Client = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;
using Stream = Grpc.Core.AsyncDuplexStreamingCall<
    Dapr.Client.Autogen.Grpc.v1.SubscribeTopicEventsRequestAlpha1, Dapr.Client.Autogen.Grpc.v1.SubscribeTopicEventsResponseAlpha1>;
using TopicStatus = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;

namespace DaprShop.Conformance.Tests;

/// <summary>
/// Subscriptions that an app opens a stream for:
/// https://docs.dapr.io/developing-applications/building-blocks/pubsub/subscription-methods/#streaming-subscriptions
/// </summary>
public sealed class StreamTests(TestWorld world) : IDisposable
{
    private readonly Client _dapr = new(world.Grpc("caller"));
    private readonly string _topic = "streamed-" + Guid.NewGuid().ToString("N");
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(2));

    [Theory]
    [InlineData("application/json", "{\"a\":1}")]
    [InlineData("text/plain", "words")]
    public async Task An_event_comes_down_the_stream(string type, string data)
    {
        using var stream = await OpenAsync();
        await PublishAsync(data, type);
        var message = await NextAsync(stream);
        Assert.Equal(("caller", _topic, "pubsub", type, data, "/"), (
            message.Source, message.Topic, message.PubsubName, message.DataContentType, message.Data.ToStringUtf8(), message.Path));
        Assert.Equal("com.dapr.event.sent", message.Type);
        await AnswerAsync(stream, message, TopicStatus.Success);
    }

    [Fact]
    public async Task Events_come_before_others_are_answered()
    {
        world.NotOnDaprd("its in-memory broker delivers one event after the other");
        using var stream = await OpenAsync();
        for (var i = 0; i < 3; i++) await PublishAsync($"{i}");
        List<TopicEventRequest> messages = [await NextAsync(stream), await NextAsync(stream), await NextAsync(stream)];
        Assert.Equal(["0", "1", "2"], messages.Select(message => message.Data.ToStringUtf8()).Order());
        foreach (var message in messages) await AnswerAsync(stream, message, TopicStatus.Success);
    }

    [Fact]
    public async Task What_is_to_be_tried_again_comes_again()
    {
        using var stream = await OpenAsync();
        await PublishAsync("words");
        var first = await NextAsync(stream);
        await AnswerAsync(stream, first, TopicStatus.Retry);
        var second = await NextAsync(stream);
        Assert.Equal(first.Id, second.Id);
        await AnswerAsync(stream, second, TopicStatus.Success);
    }

    [Theory]
    [InlineData(TopicStatus.Drop, 1)]
    [InlineData(TopicStatus.Retry, 4)]
    public async Task What_is_not_taken_ends_among_the_dead_letters(TopicStatus status, int deliveries)
    {
        using var stream = await OpenAsync(_topic, _topic + "-dead");
        using var dead = await OpenAsync(_topic + "-dead");
        await PublishAsync("words");
        var id = "";
        for (var i = 0; i < deliveries; i++)
        {
            var message = await NextAsync(stream);
            id = message.Id;
            await AnswerAsync(stream, message, status);
        }
        Assert.Equal(id, (await NextAsync(dead)).Id);
    }

    [Fact]
    public async Task An_answer_to_nothing_is_nothing()
    {
        using var stream = await OpenAsync();
        await AnswerAsync(stream, new TopicEventRequest { Id = "nothing" }, TopicStatus.Success);
        await PublishAsync("words");
        Assert.Equal("words", (await NextAsync(stream)).Data.ToStringUtf8());
    }

    [Fact]
    public async Task Metadata_lists_it_while_it_lasts()
    {
        using (await OpenAsync())
        {
            var metadata = await _dapr.GetMetadataAsync(new GetMetadataRequest());
            Assert.Equal(PubsubSubscriptionType.Streaming, Assert.Single(metadata.Subscriptions, entry => entry.Topic == _topic).Type);
        }
        await TestWorld.EventuallyAsync(
            async () => (await _dapr.GetMetadataAsync(new GetMetadataRequest())).Subscriptions.All(entry => entry.Topic != _topic), "its end");
    }

    [Theory]
    [InlineData("", "x", StatusCode.Unknown, "pubsubName is required")]
    [InlineData("pubsub", "", StatusCode.Unknown, "topic is required")]
    [InlineData("nothing", "x", StatusCode.InvalidArgument, "pubsub nothing is not found")]
    [InlineData(null, null, StatusCode.Unknown, "initial request is required")]
    public async Task A_stream_must_begin_with_what_is_wanted(string? pubsub, string? topic, StatusCode code, string detail)
    {
        using var stream = _dapr.SubscribeTopicEventsAlpha1(cancellationToken: _limit.Token);
        await stream.RequestStream.WriteAsync(pubsub is null
            ? new SubscribeTopicEventsRequestAlpha1 { EventProcessed = new SubscribeTopicEventsRequestProcessedAlpha1 { Id = "x" } }
            : Initial(pubsub, topic!, ""));
        var failure = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(_limit.Token));
        Assert.Equal((code, detail), (failure.StatusCode, failure.Status.Detail));
    }

    [Fact]
    public async Task It_must_not_begin_twice()
    {
        using var stream = await OpenAsync();
        await stream.RequestStream.WriteAsync(Initial("pubsub", _topic, ""));
        var failure = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(_limit.Token));
        Assert.Equal((StatusCode.Unknown, "duplicate initial request received"), (failure.StatusCode, failure.Status.Detail));
    }

    [Fact]
    public async Task What_was_not_answered_comes_down_the_next_stream()
    {
        world.NotOnDaprd("its in-memory broker forgets what a subscriber that goes has not answered");
        using (var stream = await OpenAsync())
        {
            await PublishAsync("words");
            await NextAsync(stream);
        }
        using var next = await OpenAsync();
        var message = await NextAsync(next);
        Assert.Equal("words", message.Data.ToStringUtf8());
        await AnswerAsync(next, message, TopicStatus.Success);
    }

    public void Dispose() => _limit.Dispose();

    private Task<Stream> OpenAsync() => OpenAsync(_topic);

    private async Task<Stream> OpenAsync(string topic, string deadLetters = "")
    {
        var stream = _dapr.SubscribeTopicEventsAlpha1(cancellationToken: _limit.Token);
        await stream.RequestStream.WriteAsync(Initial("pubsub", topic, deadLetters));
        Assert.True(await stream.ResponseStream.MoveNext(_limit.Token));
        Assert.NotNull(stream.ResponseStream.Current.InitialResponse);
        // Until it flows; daprd answers a moment before that.
        await Task.Delay(100);
        return stream;
    }

    private async Task<TopicEventRequest> NextAsync(Stream stream)
    {
        Assert.True(await stream.ResponseStream.MoveNext(_limit.Token));
        return stream.ResponseStream.Current.EventMessage;
    }

    private static Task AnswerAsync(Stream stream, TopicEventRequest message, TopicStatus status) => stream.RequestStream.WriteAsync(
        new SubscribeTopicEventsRequestAlpha1
        {
            EventProcessed = new SubscribeTopicEventsRequestProcessedAlpha1
            {
                Id = message.Id,
                Status = new TopicEventResponse { Status = status },
            },
        });

    private static SubscribeTopicEventsRequestAlpha1 Initial(string pubsub, string topic, string deadLetters) => new()
    {
        InitialRequest = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = pubsub, Topic = topic, DeadLetterTopic = deadLetters },
    };

    private async Task PublishAsync(string data, string type = "text/plain") => await _dapr.PublishEventAsync(new PublishEventRequest
    {
        PubsubName = "pubsub",
        Topic = _topic,
        Data = ByteString.CopyFromUtf8(data),
        DataContentType = type,
    });
}
