using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Dapr.Client;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Common;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Autogen = Dapr.Client.Autogen.Grpc.v1;
using Concurrency = Dapr.Client.Autogen.Grpc.v1.StateOptions.Types.StateConcurrency;

namespace DaprShop.Chaos.Tests;

/// <summary>
/// A sidecar in memory, behind the real SDK: state with versions, and a broker that takes everything. Each call is a place where whoever
/// calls can be held up, or die, before it is carried out and after: see <see cref="Command"/>.
/// </summary>
internal sealed class SimulatedSidecar : HttpMessageHandler
{
    private const int FrameHeader = 5;

    private readonly Dictionary<string, (ByteString Value, int Version)> _state = [];
    private readonly JsonSerializerOptions _json = ShopDefaults.CreateJsonOptions();
    private int _version;

    public SimulatedSidecar() => Dapr = new DaprClientBuilder()
        .UseGrpcEndpoint("http://simulated").UseGrpcChannelOptions(new GrpcChannelOptions { HttpHandler = this })
        .UseJsonSerializationOptions(_json).Build();

    public DaprClient Dapr { get; }

    public StateStore Store => new(Dapr, "store");

    /// <summary>What is stored, read behind everyone's back.</summary>
    public T? Find<T>(string key) where T : class =>
        _state.TryGetValue(key, out var item) ? JsonSerializer.Deserialize<T>(item.Value.Span, _json) : null;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var frame = await request.Content!.ReadAsByteArrayAsync(cancellationToken);
        await Command.PassAsync();
        var (status, reply) = Answer(request.RequestUri!.Segments[^1], frame.AsSpan(FrameHeader));
        await Command.PassAsync();
        return Framed(status, reply);
    }

    private (StatusCode Status, IMessage Reply) Answer(string method, ReadOnlySpan<byte> body)
    {
        lock (_state)
        {
            return method switch
            {
                "GetState" => (StatusCode.OK, Get(GetStateRequest.Parser.ParseFrom(body).Key)),
                "GetBulkState" => (
                    StatusCode.OK, new GetBulkStateResponse { Items = { GetBulkStateRequest.Parser.ParseFrom(body).Keys.Select(Item) } }),
                "SaveState" => (Write(SaveStateRequest.Parser.ParseFrom(body).States) ? StatusCode.OK : StatusCode.Aborted, new Empty()),
                "ExecuteStateTransaction" => (
                    Write([.. ExecuteStateTransactionRequest.Parser.ParseFrom(body).Operations.Select(operation => operation.Request)])
                        ? StatusCode.OK
                        : StatusCode.Internal,
                    new Empty()),
                "PublishEvent" => (StatusCode.OK, new Empty()),
                "BulkPublishEvent" or "BulkPublishEventAlpha1" => (StatusCode.OK, new BulkPublishResponse()),
                _ => throw new NotSupportedException(method),
            };
        }
    }

    private GetStateResponse Get(string key) => _state.TryGetValue(key, out var item)
        ? new GetStateResponse { Data = item.Value, Etag = $"{item.Version}" }
        : new GetStateResponse();

    private Autogen.BulkStateItem Item(string key) => Get(key) is var found && found.Etag.Length > 0
        ? new Autogen.BulkStateItem { Key = key, Data = found.Data, Etag = found.Etag }
        : new Autogen.BulkStateItem { Key = key };

    private bool Write(IReadOnlyCollection<StateItem> items)
    {
        if (!items.All(MayWrite)) return false;
        foreach (var item in items) _state[item.Key] = (item.Value, ++_version);
        return true;
    }

    private bool MayWrite(StateItem item) => item.Etag is { Value.Length: > 0 } etag
        ? _state.TryGetValue(item.Key, out var present) && etag.Value == $"{present.Version}"
        : item.Options?.Concurrency != Concurrency.ConcurrencyFirstWrite || !_state.ContainsKey(item.Key);

    private static HttpResponseMessage Framed(StatusCode status, IMessage reply)
    {
        var message = reply.ToByteArray();
        byte[] frame = [0, 0, 0, 0, 0, .. message];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        var content = new ByteArrayContent(frame) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } };
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Version = HttpVersion.Version20, Content = content };
        response.TrailingHeaders.Add("grpc-status", $"{(int)status}");
        return response;
    }
}

/// <summary>A call to a participant on its way, which can be held up at any sidecar call it makes, and never go on.</summary>
internal sealed class Command
{
    private static readonly AsyncLocal<Command?> s_current = new();

    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left;

    private Command(int places) => _left = places;

    public required Ordering.SagaStep Step { get; init; }

    /// <summary>The run that waits for the answer.</summary>
    public required Ordering.OrderProgress Run { get; init; }

    public Task<Ordering.OrderEvent?> Answer { get; private set; } = null!;

    /// <summary>Starts it; ends when it is answered, or held up.</summary>
    /// <param name="step">What is asked.</param>
    /// <param name="run">Who asks.</param>
    /// <param name="places">So many places it passes before it is held up.</param>
    /// <param name="call">Asks.</param>
    public static async Task<Command> StartAsync(
        Ordering.SagaStep step, Ordering.OrderProgress run, int places, Func<Task<Ordering.OrderEvent?>> call)
    {
        var command = new Command(places) { Step = step, Run = run };
        command.Answer = Task.Run(() =>
        {
            s_current.Value = command;
            return call();
        });
        await Task.WhenAny(command.Answer, command._held.Task);
        return command;
    }

    public static Task PassAsync()
    {
        if (s_current.Value is not { } command || Interlocked.Decrement(ref command._left) >= 0) return Task.CompletedTask;
        command._held.TrySetResult();
        return command._resumed.Task;
    }

    /// <summary>Lets it go on to its end.</summary>
    public Task<Ordering.OrderEvent?> ResumeAsync()
    {
        _resumed.TrySetResult();
        return Answer;
    }
}
