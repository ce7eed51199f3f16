using System.Diagnostics;
using DaprShop.Local.Actors;
using DaprShop.Local.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace DaprShop.Local.Tracing;

/// <summary>
/// Makes the spans of an app's sidecars, with daprd's names and attributes (<c>pkg/diagnostics</c>), and sends them as a service of their
/// own, called as the app. Every span goes on from a context that came from elsewhere; the thread's own is nobody's here.
/// </summary>
internal sealed class SidecarTracer : IDisposable
{
    private const string InternalService = "/dapr.proto.internals.v1.ServiceInvocation/";

    private readonly ActivitySource _source;
    private readonly TracerProvider _provider;

    public SidecarTracer(string appId, TracingSettings settings)
    {
        // A provider listens to sources by their names.
        _source = new ActivitySource($"dapr-diagnostics.{appId}");
        _provider = Sdk.CreateTracerProviderBuilder()
            .AddSource(_source.Name)
            .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(settings.SamplingRate)))
            .SetResourceBuilder(SidecarResource.Of(appId))
            .AddOtlpExporter(settings.Exporter)
            .Build();
    }

    /// <summary>Sends what has not been sent, for five seconds at most.</summary>
    public void Dispose()
    {
        _provider.Dispose();
        _source.Dispose();
    }

    /// <param name="name">Of the span.</param>
    /// <param name="kind">On whose side of a call.</param>
    /// <param name="parent">A <c>traceparent</c>; what is none begins a trace.</param>
    /// <param name="state">The <c>tracestate</c> that goes with it.</param>
    /// <returns>A span, sampled or not, that ends when it is disposed.</returns>
    public Activity? Start(string name, ActivityKind kind, string? parent, string? state = null)
    {
        _ = ActivityContext.TryParse(parent, state, isRemote: true, out var context);
        Activity.Current = null;
        return _source.StartActivity(name, kind, context);
    }

    /// <summary>A call arrives at the sidecar of the app that is called.</summary>
    public Activity? CallLocal(string appId, string method, string? parent, string? state) =>
        Start($"CallLocal/{appId}/{method}", ActivityKind.Server, parent, state)
            ?.Tag("rpc.service", "ServiceInvocation").Tag("dapr.invoke_method", method)
            .Tag("dapr.protocol", "grpc").Tag("dapr.api", InternalService + "CallLocalStream");

    /// <summary>A call arrives at the sidecar of the app that the actor lives in.</summary>
    public Activity? CallActor(ActorCall call, string? parent, string? state) =>
        Start($"CallActor/{call.Actor.Type}/{call.Method}", ActivityKind.Server, parent, state)
            ?.Tag("rpc.service", "ServiceInvocation").Tag("dapr.actor", $"{call.Actor.Type}.{call.Actor.Id}")
            .Tag("dapr.protocol", "grpc").Tag("dapr.api", InternalService + "CallActor");

    /// <summary>An event goes to the app.</summary>
    public Activity? Deliver(string topic, string parent) =>
        Start($"pubsub/{topic}", ActivityKind.Client, parent)?.Tag("messaging.system", "pubsub").Tag("messaging.destination.name", topic);

    /// <summary>An input binding is told to the app.</summary>
    /// <param name="binding">Its component.</param>
    /// <param name="method">Of the app, e.g. <c>POST /tick</c>.</param>
    public Activity? Tell(string binding, string method) =>
        Start($"bindings/{binding}", ActivityKind.Client, null)
            ?.Tag("db.name", binding).Tag("db.system", "bindings").Tag("db.connection_string", method).Tag("rpc.service", "Dapr");
}
