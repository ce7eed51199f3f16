using System.Buffers.Binary;
using System.Net;
using System.Text;
using CsCheck;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Sidecars;
using Google.Protobuf;

namespace DaprShop.Conformance.Tests;

/// <summary>
/// Two thousand bad calls over gRPC: unknown methods, frames that lie about their length, payloads that are no messages. Each gets a status,
/// none a word about the sidecar's inside, and the sidecar stays up. <c>FUZZ_SEED</c> makes the same calls again.
/// </summary>
public sealed class GrpcFuzzTests(TestWorld world)
{
    private const int Calls = 2_000;

    /// <summary>What would end the sidecar, as it should.</summary>
    private const string Deadly = "Shutdown";

    private const int OddFlag = 2;
    private const int NoFrame = 7;

    /// <summary>What ASP.NET Core's gRPC says before it has a message to hand on; daprd has other words for it.</summary>
    private const string OfTheFramework = "Exception was thrown by handler.";

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private static readonly string[] s_paths =
    [
        .. DaprReflection.Descriptor.Services[0].Methods.Select(method => method.Name).Where(name => name != Deadly)
            .Select(name => $"/dapr.proto.runtime.v1.Dapr/{name}"),
        "/dapr.proto.runtime.v1.Dapr/", "/dapr.proto.runtime.v1.Dapr/Nothing", "/dapr.proto.runtime.v1.Dapr/GetState/more", "/no.such.Service/Call",
        "/", "/grpc.health.v1.Health/Check", "/..%2f..%2fetc/passwd",
    ];

    /// <summary>Streams end when the caller does, whatever they were sent.</summary>
    private static readonly string[] s_streams = ["Subscribe", "Converse", "Crypt", "crypt"];

    private static readonly string[] s_types =
        ["application/grpc", "application/grpc", "application/grpc", "application/grpc+proto", "application/grpc+json", "text/plain", "application/json"];

    private static readonly Gen<byte[]> s_payload = Gen.Frequency(
        (3, Gen.Byte.Array[0, 100]),
        (2, Fuzz.Of(Messages())),
        (2, from message in Fuzz.Of(Messages()) from at in Gen.Int[0, 1000] from with in Gen.Byte select Spoiled(message, at, with)));

    private static readonly Gen<Bad> s_call =
        from path in Fuzz.Of(s_paths)
        from type in Fuzz.Of(s_types)
        from payload in s_payload
        from frame in Gen.Int[0, 7]
        from app in Fuzz.Of("", "", "", "nobody", "speaker", "a b")
        from timeout in Fuzz.Of("", "", "", "1S", "x", "999999999S", "0n")
        select new Bad(path, type, Framed(payload, frame), app, timeout) { IsNoFrame = frame is OddFlag or NoFrame };

    [Fact]
    public async Task Bad_calls_are_answered_and_the_sidecar_stays_up()
    {
        using var http = new HttpClient(new SocketsHttpHandler { EnableMultipleHttp2Connections = true }) { Timeout = s_patience };
        var (calls, seed) = Fuzz.Some(s_call, Calls);
        var odd = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await Parallel.ForEachAsync(calls, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (bad, _) =>
        {
            if (await AskAsync(http, bad) is { } oddity) odd.Enqueue(oddity);
        });
        Assert.True(odd.IsEmpty, Fuzz.Failure(seed, odd));
        await StaysUpAsync();
    }

    [Fact]
    public async Task A_message_of_more_than_four_mebibytes_is_too_much()
    {
        using var http = new HttpClient { Timeout = s_patience };
        var value = new SaveStateRequest
        {
            StoreName = "store",
            States = { new StateItem { Key = "too-much", Value = ByteString.CopyFrom(new byte[5 << 20]) } },
        };
        var (status, _) = await CallAsync(http, new Bad("/dapr.proto.runtime.v1.Dapr/SaveState", "application/grpc", Framed(value.ToByteArray(), 0), "", ""));
        Assert.True(status is 8 or null, $"answered {status}");
        await StaysUpAsync();
        Assert.Equal("", (await world.CallAsync("caller", "GET", "/v1.0/state/store/too-much")).Body);
    }

    private async Task StaysUpAsync()
    {
        var dapr = new Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient(world.Grpc("caller"));
        Assert.Equal("caller", (await dapr.GetMetadataAsync(new GetMetadataRequest())).Id);
        Assert.Equal(204, (await world.CallAsync("caller", "GET", "/v1.0/healthz")).Status);
    }

    /// <summary>Null when the answer is as it should be.</summary>
    private async Task<string?> AskAsync(HttpClient http, Bad bad)
    {
        var mayWait = s_streams.Any(part => bad.Path.Contains(part, StringComparison.Ordinal));
        try
        {
            var (status, message) = await CallAsync(http, bad, mayWait ? TimeSpan.FromMilliseconds(500) : s_patience);
            if (bad.IsNoFrame && status == 2 && Uri.UnescapeDataString(message) == OfTheFramework) return null;
            if (message.Contains("Exception", StringComparison.Ordinal) || message.Contains("   at ", StringComparison.Ordinal)) return $"{bad}: {message}";
            return status is null or (>= 0 and <= 16) ? null : $"{bad}: {status}";
        }
        catch (OperationCanceledException)
        {
            return mayWait ? null : $"{bad}: no answer";
        }
    }

    /// <summary>The gRPC status, null when there is none: what is no gRPC, or broke off; and all that was said.</summary>
    private async Task<(int? Status, string Message)> CallAsync(HttpClient http, Bad bad, TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? s_patience);
        using var request = new HttpRequestMessage(HttpMethod.Post, world["caller"].SidecarGrpc.GetLeftPart(UriPartial.Authority) + bad.Path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(bad.Body),
        };
        request.Content.Headers.TryAddWithoutValidation("content-type", bad.Type);
        request.Headers.TryAddWithoutValidation("te", "trailers");
        if (bad.App.Length > 0) request.Headers.TryAddWithoutValidation("dapr-app-id", bad.App);
        if (bad.Timeout.Length > 0) request.Headers.TryAddWithoutValidation("grpc-timeout", bad.Timeout);
        try
        {
            using var response = await http.SendAsync(request, limit.Token);
            var body = await response.Content.ReadAsByteArrayAsync(limit.Token);
            var status = Header(response, "grpc-status");
            return (status is null ? null : int.Parse(status, null), Header(response, "grpc-message") + Encoding.UTF8.GetString(body));
        }
        catch (HttpRequestException)
        {
            // A server may hang up on what is no gRPC.
            return (null, "");
        }
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var trailer) || response.Headers.TryGetValues(name, out trailer) ? trailer.First() : null;

    private static byte[][] Messages() =>
    [
        [],
        new GetStateRequest { StoreName = "store", Key = "a||b" }.ToByteArray(),
        new SaveStateRequest { StoreName = "store", States = { new StateItem { Key = "fuzz", Etag = new Etag { Value = "no" }, Options = new StateOptions { Concurrency = (StateOptions.Types.StateConcurrency)77 } } } }.ToByteArray(),
        new ExecuteStateTransactionRequest { StoreName = "store", Operations = { new TransactionalStateOperation { OperationType = "upsert" } } }.ToByteArray(),
        new PublishEventRequest { PubsubName = "pubsub", Topic = "fuzz", DataContentType = "application/cloudevents+json", Data = ByteString.CopyFromUtf8("{") }.ToByteArray(),
        new InvokeServiceRequest { Id = "echo" }.ToByteArray(),
        new InvokeServiceRequest { Id = "speaker", Message = new InvokeRequest { Method = "../..", HttpExtension = new HTTPExtension { Verb = (HTTPExtension.Types.Verb)99 } } }.ToByteArray(),
        new InvokeActorRequest { ActorType = "nothing", ActorId = "..", Method = "\0" }.ToByteArray(),
        new RegisterActorReminderRequest { ActorType = "thing", ActorId = "a", Name = "b", DueTime = "never" }.ToByteArray(),
        new TryLockRequest { StoreName = "locks", ResourceId = "a||b", LockOwner = "x", ExpiryInSeconds = int.MaxValue }.ToByteArray(),
        new SubscribeTopicEventsRequestAlpha1 { InitialRequest = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = "nothing" } }.ToByteArray(),
    ];

    private static byte[] Spoiled(byte[] message, int at, byte with)
    {
        byte[] spoiled = [.. message];
        if (spoiled.Length > 0) spoiled[at % spoiled.Length] = with;
        return spoiled;
    }

    /// <summary>A frame as it should be, or one of several that are not.</summary>
    private static byte[] Framed(byte[] payload, int kind)
    {
        var frame = new byte[5 + payload.Length];
        payload.CopyTo(frame, 5);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), payload.Length);
        switch (kind)
        {
            case 1:
                frame[0] = 1; // compressed, says it
                break;
            case OddFlag:
                frame[0] = 0x7f;
                break;
            case 3:
                BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), payload.Length + 7);
                break;
            case 4:
                BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), int.MaxValue);
                break;
            case 5:
                return [.. frame, .. frame];
            case 6:
                return frame[..3];
            case NoFrame:
                return payload;
        }
        return frame;
    }

    private sealed record Bad(string Path, string Type, byte[] Body, string App, string Timeout)
    {
        public bool IsNoFrame { get; init; }

        public override string ToString() => $"{Path} ({Type}) {App} {Timeout} {Convert.ToHexString(Body.AsSpan(0, Math.Min(60, Body.Length)))}";
    }
}
