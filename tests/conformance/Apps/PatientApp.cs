using Dapr.AppCallback.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Sidecars;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Conformance.Tests.Apps;

/// <summary>
/// An app that is asked how it is, and answers as the test says; otherwise it works on, whatever it answered. Over HTTP it subscribes,
/// hosts actors, and hears bindings; over gRPC it is <see cref="CallbackApp"/>.
/// </summary>
internal sealed class PatientApp
{
    private const string Subscriptions = """
        [
          {"pubsubname":"pubsub","topic":"news","route":"/on/news"},
          {"pubsubname":"lasting","topic":"lasting-news","route":"/on/lasting-news","deadLetterTopic":"graves"},
          {"pubsubname":"lasting","topic":"graves","route":"/on/graves"}
        ]
        """;

    private readonly TimeSpan _longer = TimeSpan.FromMilliseconds(HealthCheck.TimeoutMilliseconds * 2);
    private int _failures;

    /// <summary>What it answers over HTTP; over gRPC, any but 200 is a failure.</summary>
    public int Status { get; set; } = StatusCodes.Status200OK;

    /// <summary>It takes longer to answer than it is given.</summary>
    public bool IsSlow { get; set; }

    /// <summary>It answers so many times that it is unwell, then as before.</summary>
    public void Fail(int times) => Volatile.Write(ref _failures, times);

    /// <summary>What it waits for before it is done with an event of <c>lasting-news</c>.</summary>
    public Task Door { get; set; } = Task.CompletedTask;

    public TestApp App(string id, string? path = null, int threshold = 1) =>
        new(id, (app, log) => Map(app, log, path ?? "/healthz"))
        {
            HealthCheck = new HealthCheck(path, threshold, IsPatient: threshold > 1),
        };

    public TestApp GrpcApp(string id) => new(id, (app, log) =>
    {
        CallbackApp.Map(app, log);
        app.MapGrpcService<Doctor>();
    })
    {
        IsGrpc = true,
        HealthCheck = new HealthCheck(),
        Services = services =>
        {
            CallbackApp.AddServices(services);
            services.AddSingleton(this);
        },
    };

    private void Map(WebApplication app, TestApp log, string path)
    {
        app.Map(path.Split('?')[0], async (HttpContext http) =>
        {
            await log.HearAsync(http.Request);
            return Results.StatusCode(await AnswerAsync());
        });
        var configuration = $$"""{"entities":["{{log.Id}}"],"drainOngoingCallTimeout":"5s"}""";
        app.MapGet("/dapr/config", (HttpRequest request) => SayAsync(request, configuration));
        app.MapGet("/dapr/subscribe", (HttpRequest request) => SayAsync(request, Subscriptions));
        app.MapPost("/on/lasting-news", async (HttpRequest request) =>
        {
            await log.HearAsync(request);
            await Door;
        });
        app.Map("/{**rest}", (HttpRequest request) => SayAsync(request, ""));

        async Task<IResult> SayAsync(HttpRequest request, string answer)
        {
            await log.HearAsync(request);
            return Results.Text(answer, "application/json");
        }
    }

    private async Task<int> AnswerAsync()
    {
        if (IsSlow) await Task.Delay(_longer);
        return Interlocked.Decrement(ref _failures) >= 0 ? StatusCodes.Status503ServiceUnavailable : Status;
    }

    internal sealed class Doctor(PatientApp patient, CallbackApp.Ear ear) : AppCallbackHealthCheck.AppCallbackHealthCheckBase
    {
        public override async Task<HealthCheckResponse> HealthCheck(Empty request, ServerCallContext context)
        {
            ear.Hear("HealthCheck", "", request, context);
            return await patient.AnswerAsync() == StatusCodes.Status200OK
                ? new HealthCheckResponse()
                : throw new RpcException(new Status(StatusCode.Unavailable, "unwell"));
        }
    }
}
