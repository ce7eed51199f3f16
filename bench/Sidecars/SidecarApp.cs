using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Bench.Sidecars;

/// <summary>The apps beside one side's sidecars, all in this process: as little of an app as can be.</summary>
public sealed class SidecarApp : IAsyncDisposable
{
    public const string ActorType = "counter";
    public const string Topic = "bench";

    private const string Subscriptions = $$"""[{"pubsubname":"pubsub","topic":"{{Topic}}","route":"/on"}]""";
    private const string Actors = $$"""{"entities":["{{ActorType}}"]}""";

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _awaited = new(StringComparer.Ordinal);
    private readonly WebApplication _app;

    /// <param name="ports">One for each app; the first is the one that subscribes and hosts actors.</param>
    public SidecarApp(IReadOnlyList<int> ports)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            foreach (var port in ports) kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddRoutingCore();
        _app = builder.Build();
        _app.Run(context => AnswerAsync(context, isFirst: context.Connection.LocalPort == ports[0]));
    }

    public Task StartAsync(CancellationToken cancellation) => _app.StartAsync(cancellation);

    /// <summary>Ends when the event with this id has arrived; call it before it is published.</summary>
    public Task ArrivalOf(string id) =>
        _awaited.GetOrAdd(id, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private Task AnswerAsync(HttpContext context, bool isFirst)
    {
        switch (context.Request.Path.Value)
        {
            case "/on":
                return ReceiveAsync(context.Request);
            case "/dapr/subscribe" when isFirst:
                return TellAsync(context.Response, Subscriptions);
            case "/dapr/config" when isFirst:
                return TellAsync(context.Response, Actors);
            case "/dapr/subscribe" or "/dapr/config":
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            default:
                return TellAsync(context.Response, """{"hello":"world"}""");
        }
    }

    private static Task TellAsync(HttpResponse response, string body)
    {
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        return response.WriteAsync(body);
    }

    private async Task ReceiveAsync(HttpRequest request)
    {
        using var body = await JsonDocument.ParseAsync(request.Body);
        if (_awaited.TryRemove(body.RootElement.GetProperty("id").GetString()!, out var arrival)) arrival.TrySetResult();
    }
}
