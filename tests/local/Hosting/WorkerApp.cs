using System.Collections.Concurrent;
using DaprShop.Local.AppHealth;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DaprShop.Local.Tests.Hosting;

/// <summary>An app of which there can be several: each answers with its own name, which is its port. It speaks plain HTTP to its sidecar.</summary>
public sealed class WorkerApp
{
    public const string AppId = "worker";

    private const string Components = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: store }
        spec:
          type: state.in-memory
          version: v1
          metadata:
            - { name: actorStateStore, value: "true" }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: pubsub }
        spec: { type: pubsub.in-memory, version: v1 }
        """;

    /// <summary>Who heard which message.</summary>
    public ConcurrentQueue<(string Worker, int Message)> Heard { get; } = new();

    /// <summary>Calls of <c>/held</c> wait for it.</summary>
    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A call of <c>/held</c> is there.</summary>
    public TaskCompletionSource Held { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>One of them has ports that were chosen for it, as in dapr.yaml; else all take any.</summary>
    public bool HasFixedPorts { get; init; }

    /// <summary>No further worker can be made.</summary>
    public bool IsBroken { get; set; }

    /// <summary>Who says that it is unwell, of those who are asked.</summary>
    public ConcurrentDictionary<string, bool> Unwell { get; } = new();

    /// <summary>So say those who come.</summary>
    public bool AreNewOnesUnwell { get; set; }

    public async Task<LocalRuntime> StartAsync(
        string data, int replicas, Action<IServiceCollection>? services = null, HealthCheck? healthCheck = null)
    {
        var runtime = await LocalRuntime.StartAsync(new LocalRuntimeOptions
        {
            Apps =
            [
                new AppOptions(AppId)
                {
                    Create = Create,
                    Replicas = replicas,
                    HealthCheck = healthCheck,
                    AppPort = HasFixedPorts ? FreePorts.Take() : 0,
                    DaprHttpPort = HasFixedPorts ? FreePorts.Take() : 0,
                    DaprGrpcPort = HasFixedPorts ? FreePorts.Take() : 0,
                },
                new AppOptions("caller") { Create = arguments => Listening(arguments).Build() },
            ],
            DataDirectory = data,
            Resources = ResourceFiles.Parse(Components, "test.yaml"),
            ConfigureServices = services,
        });
        await runtime.ReadyAsync();
        return runtime;
    }

    private static WebApplicationBuilder Listening(string[] arguments)
    {
        var builder = WebApplication.CreateSlimBuilder(arguments);
        builder.WebHost.UseUrls($"http://127.0.0.1:{builder.Configuration["APP_PORT"]}");
        builder.Logging.ClearProviders();
        return builder;
    }

    private WebApplication Create(string[] arguments)
    {
        if (IsBroken) throw new InvalidOperationException("broken");
        var builder = Listening(arguments);
        var me = builder.Configuration["APP_PORT"]!;
        var app = builder.Build();
        if (AreNewOnesUnwell) Unwell[me] = true;
        app.MapGet("/wellness", () => Unwell.ContainsKey(me) ? Results.StatusCode(503) : Results.Ok());
        app.MapGet("/who", () => me);
        app.MapPost("/echo", (HttpRequest request) => Results.Stream(request.Body));
        app.MapGet("/slow", async () =>
        {
            await Task.Delay(20);
            return me;
        });
        app.MapGet("/held", async () =>
        {
            Held.TrySetResult();
            await Gate.Task;
            return me;
        });
        app.MapPost("/die", (IHostApplicationLifetime lifetime) => lifetime.StopApplication());
        app.MapGet("/last-words", async (IHostApplicationLifetime lifetime, IConfiguration configuration) =>
        {
            Held.TrySetResult();
            await Task.Delay(Timeout.Infinite, lifetime.ApplicationStopping).ContinueWith(_ => { }, TaskScheduler.Default);
            using var http = new HttpClient { BaseAddress = new Uri(configuration["DAPR_HTTP_ENDPOINT"]!) };
            using var answer = await http.PutAsync("/v1.0/actors/Thing/1/method/who", null);
            return await answer.Content.ReadAsStringAsync();
        });
        app.MapGet("/dapr/config", () => new { entities = new[] { "Thing" } });
        app.MapPut("/actors/Thing/{id}/method/who", () => me);
        app.MapDelete("/actors/Thing/{id}", () => Results.Ok());
        app.MapGet("/dapr/subscribe", () => new[] { new { pubsubname = "pubsub", topic = "jobs", route = "/jobs" } });
        app.MapPost("/jobs", (Job job) => Heard.Enqueue((me, job.Data)));
        return app;
    }

    private sealed record Job(int Data);
}
