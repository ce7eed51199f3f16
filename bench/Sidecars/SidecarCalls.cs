using System.Text;

namespace DaprShop.Bench.Sidecars;

/// <summary>What an app asks of its sidecar. Each client has a connection, keys and actors of its own.</summary>
internal static class SidecarCalls
{
    public const string Reminder = "reminder";

    private const int Keys = 100;
    private const string Value = """{"name":"a kettle","price":{"amount":2490,"currency":"EUR"},"tags":["kitchen","steel","1.7 l"],"stock":12}""";

    /// <summary>By name, in the order they are measured in.</summary>
    public static IReadOnlyList<(string Name, Func<SidecarSide, int, IOperation> Make)> All { get; } =
    [
        ("no sidecar", (side, _) => new Call("no sidecar", side.CalleeApp, _ => "GET /hello")),
        ("invoke", (side, _) => new Call("invoke", side.Caller, _ => $"GET /v1.0/invoke/{Sides.Callee}/method/hello")),
        ("state get", (side, client) => new Call("state get", side.Caller, i => $"GET /v1.0/state/store/{Key(client, i)}")),
        ("state save", (side, client) => new Call("state save", side.Caller, _ => "POST /v1.0/state/store", i => $"[{Item(client, i)}]")),
        ("transaction", (side, client) => new Call("transaction", side.Caller, _ => "POST /v1.0/state/store/transaction", i => $$"""
            {"operations":[{"operation":"upsert","request":{{Item(client, i)}}},{"operation":"upsert","request":{{Item(client, i + 1)}}}]}
            """)),
        ("redis get", (side, client) => new Call("redis get", side.Caller, i => $"GET /v1.0/state/redis/{Key(client, i)}")),
        ("redis save", (side, client) => new Call("redis save", side.Caller, _ => "POST /v1.0/state/redis", i => $"[{Item(client, i)}]")),
        ("publish", (side, _) => new Call("publish", side.Caller, _ => $"POST /v1.0/publish/pubsub/{SidecarApp.Topic}", _ => Value)),
        ("delivery", (side, client) => new Delivery(side, client)),
        ("actor", (side, client) => new Call(
            "actor", side.Caller, i => $"PUT /v1.0/actors/{SidecarApp.ActorType}/{Key(client, i)}/method/hit", _ => "1")),
        (Reminder, (side, client) => new Call(
            Reminder, side.Caller, i => $"POST /v1.0/actors/{SidecarApp.ActorType}/{Key(client, i)}/reminders/r{i}", _ => """{"dueTime":"1h"}""")),
    ];

    /// <summary>Whether it needs a Redis.</summary>
    public static bool NeedsRedis(string name) => name.StartsWith("redis", StringComparison.Ordinal);

    private static string Key(int client, int i) => $"k{client}-{i % Keys}";

    private static string Item(int client, int i) => $$"""{"key":"{{Key(client, i)}}","value":{{Value}}}""";

    private static ReadOnlyMemory<byte> Request(Uri to, string line, string? body) => Encoding.UTF8.GetBytes(body is null
        ? $"{line} HTTP/1.1\r\nHost: {to.Authority}\r\n\r\n"
        : $"{line} HTTP/1.1\r\nHost: {to.Authority}\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    /// <summary>A request that is made anew for each call, cheaply.</summary>
    private sealed class Call(string name, Uri to, Func<int, string> line, Func<int, string>? body = null) : IOperation
    {
        private readonly RawConnection _connection = new(to);
        private int _count;

        public string Name { get; } = name;

        public async ValueTask<string?> RunAsync(CancellationToken cancellation)
        {
            var i = _count++;
            var (status, error) = await _connection.ExchangeAsync(Request(to, line(i), body?.Invoke(i)), cancellation);
            return error ?? (status is >= 200 and < 300 ? null : $"{status}");
        }

        public void Dispose() => _connection.Dispose();
    }

    /// <summary>From the publish to the arrival in the app that subscribes.</summary>
    private sealed class Delivery(SidecarSide side, int client) : IOperation
    {
        private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

        private readonly RawConnection _connection = new(side.Caller);
        private readonly string _prefix = $"{client}-{Guid.NewGuid():N}-";
        private int _count;

        public string Name => "delivery";

        public async ValueTask<string?> RunAsync(CancellationToken cancellation)
        {
            var id = $"{_prefix}{_count++}";
            var arrival = side.App.ArrivalOf(id);
            var line = $"POST /v1.0/publish/pubsub/{SidecarApp.Topic}?metadata.cloudevent.id={id}";
            var (status, error) = await _connection.ExchangeAsync(Request(side.Caller, line, Value), cancellation);
            if (error is not null) return error;
            if (status is not (>= 200 and < 300)) return $"{status}";
            try
            {
                await arrival.WaitAsync(s_patience, cancellation);
                return null;
            }
            catch (TimeoutException)
            {
                return "did not arrive";
            }
        }

        public void Dispose() => _connection.Dispose();
    }
}
