using System.Net;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;

namespace DaprShop.Local.PubSub;

/// <summary>Events are posted to the app (daprd <c>pkg/runtime/subscription/postman/http</c>).</summary>
internal sealed class HttpDelivery(AppChannel app, Subscription subscription, InboundPolicy policy) : IDelivery
{
    private readonly Dictionary<Route, Uri> _addresses = subscription.Routes.Distinct()
        .ToDictionary(route => route, route => new Uri(app.Address!, route.Path.TrimStart('/')));

    public bool IsOpen => app.IsHealthy;

    public async Task<Outcome> DeliverAsync(Route route, BrokerMessage message, ReadOnlyMemory<byte> data)
    {
        using var response = await SendAsync(route, data, CloudEvents.ContentType, message.Envelope.TraceParent);
        if (response.StatusCode == HttpStatusCode.NotFound) return Outcome.Dropped;
        if (!response.IsSuccessStatusCode) return FailureOf(response.StatusCode);
        if (response.Content.Headers.ContentLength == 0) return Outcome.Done;
        return AppAnswer.StatusOf(await response.Content.ReadAsByteArrayAsync());
    }

    public async Task<IReadOnlyDictionary<string, Outcome>> DeliverAsync(Route route, IReadOnlyList<BulkEntry> entries)
    {
        var envelope = BulkEnvelope.Write(entries, subscription);
        using var response = await SendAsync(route, envelope, "application/json", entries[0].Message.Envelope.TraceParent);
        if (response.StatusCode == HttpStatusCode.NotFound) return entries.ToDictionary(entry => entry.Id, _ => Outcome.Done);
        if (!response.IsSuccessStatusCode) return entries.ToDictionary(entry => entry.Id, _ => FailureOf(response.StatusCode));
        return AppAnswer.StatusesOf(await response.Content.ReadAsByteArrayAsync());
    }

    private Task<HttpResponseMessage> SendAsync(Route route, ReadOnlyMemory<byte> data, string contentType, string? traceParent) =>
        policy.AttemptAsync(
            static (call, cancellation) => call.Self.SendAsync(call.Address, call.Data, call.ContentType, call.TraceParent, cancellation),
            (Self: this, Address: _addresses[route], Data: data, ContentType: contentType, TraceParent: traceParent));

    private async Task<HttpResponseMessage> SendAsync(
        Uri address, ReadOnlyMemory<byte> data, string contentType, string? traceParent, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ReadOnlyMemoryContent(data) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        if (app.Token is not null) request.Headers.TryAddWithoutValidation("dapr-api-token", app.Token);
        if (traceParent is not null) request.Headers.TryAddWithoutValidation("traceparent", traceParent);
        return await app.Http.SendAsync(request, cancellation);
    }

    private Outcome FailureOf(HttpStatusCode status) =>
        policy.Retry?.HttpStatuses.Includes((int)status) ?? true ? Outcome.Failed : Outcome.Rejected;
}
