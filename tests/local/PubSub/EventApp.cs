using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DaprShop.Local.Tests.PubSub;

/// <summary>What a sidecar posted to an app.</summary>
public sealed record Delivery(string Path, string ContentType, IHeaderDictionary Headers, JsonElement Body)
{
    public JsonElement this[string name] => Body.GetProperty(name);

    /// <summary>The event's data, when it is a number.</summary>
    public int Number => this["data"].GetInt32();
}

/// <summary>An app that speaks plain HTTP: subscribes by what the test says, keeps what comes and answers as the test says.</summary>
/// <param name="subscriptions">The answer to <c>GET /dapr/subscribe</c>; null for 404.</param>
/// <param name="answer">Status and body for a delivery; null for an empty 200.</param>
public sealed class EventApp(string? subscriptions, Func<Delivery, (int Status, string Body)>? answer = null)
{
    private readonly Channel<Delivery> _deliveries = Channel.CreateUnbounded<Delivery>();

    /// <summary>Everything that came, in the order of arrival.</summary>
    public ConcurrentQueue<Delivery> Log { get; } = new();

    /// <summary>While set, deliveries wait for it.</summary>
    public Func<Delivery, Task>? Hold { get; set; }

    public async Task<Delivery> NextAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        return await _deliveries.Reader.ReadAsync(limit.Token);
    }

    public async Task<List<Delivery>> NextAsync(int count)
    {
        var deliveries = new List<Delivery>();
        while (deliveries.Count < count) deliveries.Add(await NextAsync());
        return deliveries;
    }

    public WebApplication Create(string[] arguments, Action<WebApplicationBuilder>? configure)
    {
        var builder = WebApplication.CreateSlimBuilder(arguments);
        builder.WebHost.UseUrls($"http://127.0.0.1:{builder.Configuration["APP_PORT"]}");
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        configure?.Invoke(builder);
        var app = builder.Build();
        app.MapGet("/dapr/subscribe", () => subscriptions is null ? Results.NotFound() : Results.Text(subscriptions, "application/json"));
        app.MapPost("/{**path}", ReceiveAsync);
        return app;
    }

    private async Task<IResult> ReceiveAsync(HttpRequest request)
    {
        using var body = await JsonDocument.ParseAsync(request.Body, new JsonDocumentOptions { MaxDepth = 1000 });
        var headers = new HeaderDictionary(request.Headers.ToDictionary());
        var delivery = new Delivery(request.Path, request.ContentType!, headers, body.RootElement.Clone());
        Log.Enqueue(delivery);
        if (Hold is { } hold) await hold(delivery);
        var (status, text) = answer?.Invoke(delivery) ?? (200, "");
        await _deliveries.Writer.WriteAsync(delivery);
        return Results.Text(text, "application/json", statusCode: status);
    }
}
