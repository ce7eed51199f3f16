using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace DaprShop.Gateway.Tests;

/// <summary>What a service got to see of a request, as it answers it.</summary>
public sealed record Seen(string Service, string Method, string Target, Dictionary<string, string> Headers, int BodyLength);

/// <summary>A service behind the gateway, played by the test: it answers what it saw, and may be stopped and started on its port.</summary>
public sealed class FakeService(string name, int port) : IAsyncDisposable
{
    private WebApplication? _app;

    public string Name { get; } = name;

    public Uri Address { get; } = new($"http://127.0.0.1:{port}");

    /// <summary>Every request that arrived, by its target as it came over the wire.</summary>
    public ConcurrentQueue<string> Targets { get; } = new();

    /// <summary>Lets the event stream go on by one event for each release.</summary>
    public SemaphoreSlim NextEvent { get; } = new(0);

    /// <summary>Completed when the client of the event stream has gone.</summary>
    public TaskCompletionSource StreamClosed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static byte[] Large { get; } = [.. Enumerable.Range(0, 8 * 1024 * 1024).Select(i => (byte)(i * 31 >> 7))];

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
        });
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Run(AnswerAsync);
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not { } app) return;
        _app = null;
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }

    private Task AnswerAsync(HttpContext context)
    {
        var target = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
        Targets.Enqueue(target);
        context.Response.Headers["X-Powered-By"] = "a secret";
        context.Response.Headers.XFrameOptions = "SAMEORIGIN";
        return context.Request.Path.Value!.Split('/').Last() switch
        {
            "stream" => StreamAsync(context),
            "large" => LargeAsync(context),
            "tagged" => TaggedAsync(context),
            "text" => context.Response.WriteAsJsonAsync(new { text = new string('x', 5000) }),
            "sign-in" => SetCookieAsync(context),
            "refused" => RefuseAsync(context),
            "crash" => CrashAsync(context),
            "_blazor" => EchoSocketAsync(context),
            _ => EchoAsync(context, target),
        };
    }

    private async Task EchoAsync(HttpContext context, string target)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var headers = context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString());
        await context.Response.WriteAsJsonAsync(new Seen(Name, context.Request.Method, target, headers, (int)body.Length));
    }

    private async Task StreamAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        using var _ = context.RequestAborted.Register(StreamClosed.SetResult);
        await context.Response.WriteAsync("data: 0\n\n");
        for (var i = 1; ; i++)
        {
            await context.Response.Body.FlushAsync();
            await NextEvent.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync($"data: {i}\n\n");
        }
    }

    private static async Task LargeAsync(HttpContext context)
    {
        context.Response.ContentType = "application/octet-stream";
        await context.Response.Body.WriteAsync(Large);
    }

    private static Task TaggedAsync(HttpContext context)
    {
        context.Response.Headers.ETag = "\"v1\"";
        if (context.Request.Headers.IfNoneMatch == "\"v1\"") context.Response.StatusCode = StatusCodes.Status304NotModified;
        else if (context.Request.Headers.IfMatch is [{ } match] && match != "\"v1\"") context.Response.StatusCode = StatusCodes.Status412PreconditionFailed;
        else return context.Response.WriteAsJsonAsync(new { text = new string('x', 5000) });
        return Task.CompletedTask;
    }

    private static Task RefuseAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return context.Response.WriteAsJsonAsync(new { title = "the service's own words" }, options: null, "application/problem+json");
    }

    private static Task SetCookieAsync(HttpContext context)
    {
        context.Response.Headers.SetCookie = $"session={new string('x', 7000)}";
        return Task.CompletedTask;
    }

    /// <summary>Takes the request and drops the connection without an answer.</summary>
    private static Task CrashAsync(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    private static async Task EchoSocketAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[1024];
        var received = await socket.ReceiveAsync(buffer, CancellationToken.None);
        await socket.SendAsync(
            Encoding.UTF8.GetBytes("echo " + Encoding.UTF8.GetString(buffer, 0, received.Count)), received.MessageType, true, CancellationToken.None);
        await socket.CloseAsync(System.Net.WebSockets.WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }
}
