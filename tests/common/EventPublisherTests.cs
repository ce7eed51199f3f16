using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Dapr.Client;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Grpc.Net.Client;

namespace DaprShop.Common.Tests;

public sealed class EventPublisherTests : IDisposable
{
    private readonly PlayedSidecar _sidecar = new();
    private readonly DaprClient _dapr;

    public EventPublisherTests() => _dapr = new DaprClientBuilder()
        .UseGrpcEndpoint("http://localhost:1").UseGrpcChannelOptions(new GrpcChannelOptions { HttpHandler = _sidecar }).Build();

    public void Dispose()
    {
        _dapr.Dispose();
        _sidecar.Dispose();
    }

    [Fact]
    public async Task Nobody_waits_for_company()
    {
        await new EventPublisher(_dapr).PublishAsync("topic", "id-1", "hello");

        Assert.Equal(["id-1"], Assert.Single(_sidecar.Calls));
    }

    [Fact]
    public async Task What_comes_while_a_call_is_on_its_way_goes_together_with_the_next()
    {
        var publisher = new EventPublisher(_dapr);
        _sidecar.Gate = new TaskCompletionSource();
        var first = publisher.PublishAsync("topic", "id-0", 0);
        var others = Enumerable.Range(1, 20).Select(i => publisher.PublishAsync("topic", $"id-{i}", i)).ToList();
        var elsewhere = publisher.PublishAsync("other-topic", "id-x", 1);

        Assert.DoesNotContain(others, task => task.IsCompleted);
        _sidecar.Gate.SetResult();
        await Task.WhenAll([first, elsewhere, .. others]);

        Assert.Equal(3, _sidecar.Calls.Count);
        Assert.Equal(Enumerable.Range(1, 20).Select(i => $"id-{i}"), _sidecar.Calls.Single(call => call.Length == 20));
    }

    [Fact]
    public async Task A_call_that_fails_fails_those_in_it_and_nobody_after()
    {
        var publisher = new EventPublisher(_dapr);
        _sidecar.IsAway = true;
        await Assert.ThrowsAnyAsync<Exception>(() => publisher.PublishAsync("topic", "id-1", 1));

        _sidecar.IsAway = false;
        await publisher.PublishAsync("topic", "id-2", 2);

        Assert.Equal(["id-2"], Assert.Single(_sidecar.Calls));
    }

    /// <summary>The publishing half of a sidecar, as gRPC over HTTP/2 has it: notes the event ids of each call.</summary>
    private sealed class PlayedSidecar : HttpMessageHandler
    {
        private const int FrameHeader = 5;

        public ConcurrentQueue<string[]> Calls { get; } = [];

        /// <summary>Calls end only when this is completed.</summary>
        public TaskCompletionSource? Gate { get; set; }

        public bool IsAway { get; set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (IsAway) throw new HttpRequestException("away");
            var message = (await request.Content!.ReadAsByteArrayAsync(cancellationToken)).AsMemory(FrameHeader);
            string[] ids = request.RequestUri!.AbsolutePath.EndsWith("/PublishEvent", StringComparison.Ordinal)
                ? [PublishEventRequest.Parser.ParseFrom(message.Span).Metadata["cloudevent.id"]]
                : [.. BulkPublishRequest.Parser.ParseFrom(message.Span).Entries.Select(entry => IdOf(entry.Event))];
            if (Gate is { } gate) await gate.Task.WaitAsync(cancellationToken);
            Calls.Enqueue(ids);
            var response = new HttpResponseMessage(HttpStatusCode.OK)
            {
                Version = HttpVersion.Version20,
                Content = new ByteArrayContent(new byte[FrameHeader]),
                RequestMessage = request,
            };
            response.Content.Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
            response.TrailingHeaders.Add("grpc-status", "0");
            return response;
        }

        private static string IdOf(ByteString cloudEvent) =>
            JsonDocument.Parse(cloudEvent.Memory).RootElement.GetProperty("id").GetString()!;
    }
}
