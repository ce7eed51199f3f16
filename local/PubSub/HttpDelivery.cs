using System.Net;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;
using DaprShop.Local.Tracing;

namespace DaprShop.Local.PubSub;

/// <summary>Events are posted to the app (daprd <c>pkg/runtime/subscription/postman/http</c>).</summary>
internal sealed class HttpDelivery(AppChannel app, Subscription subscription, InboundPolicy policy, SidecarTracer? tracer) : IDelivery
{
    private readonly Dictionary<Route, Uri> _addresses = subscription.Routes.Distinct()
        .ToDictionary(route => route, route => app.AddressOf(route.Path));

    public bool IsOpen => app.IsHealthy;

    public async Task<Outcome> DeliverAsync(Route route, BrokerMessage message, ReadOnlyMemory<byte> data)
    {
        using var response = await SendAsync(route, data, CloudEvents.ContentType, message.Envelope.TraceParent, null);
        if (response.StatusCode == HttpStatusCode.NotFound) return Outcome.Dropped;
        if (!response.IsSuccessStatusCode) return FailureOf(response.StatusCode);
        if (response.Content.Headers.ContentLength == 0) return Outcome.Done;
        return AppAnswer.StatusOf(await response.Content.ReadAsByteArrayAsync());
    }

    public async Task<IReadOnlyDictionary<string, Outcome>> DeliverAsync(Route route, IReadOnlyList<BulkEntry> entries)
    {
        var envelope = BulkEnvelope.Write(entries, subscription);
        using var response = await SendAsync(route, envelope, "application/json", null, entries);
        if (response.StatusCode == HttpStatusCode.NotFound) return entries.ToDictionary(entry => entry.Id, _ => Outcome.Done);
        if (!response.IsSuccessStatusCode) return entries.ToDictionary(entry => entry.Id, _ => FailureOf(response.StatusCode));
        return AppAnswer.StatusesOf(await response.Content.ReadAsByteArrayAsync());
    }

    /// <param name="route">Where to.</param>
    /// <param name="data">What.</param>
    /// <param name="contentType">As what.</param>
    /// <param name="publisher">The trace of one message.</param>
    /// <param name="entries">Of many messages; null for one.</param>
    private Task<HttpResponseMessage> SendAsync(
        Route route, ReadOnlyMemory<byte> data, string contentType, string? publisher, IReadOnlyList<BulkEntry>? entries) =>
        policy.AttemptAsync(
            static (call, cancellation) =>
                call.Self.SendAsync(call.Address, call.Data, call.ContentType, call.Publisher, call.Entries, cancellation),
            (Self: this, Address: _addresses[route], Data: data, ContentType: contentType, Publisher: publisher, Entries: entries));

    private async Task<HttpResponseMessage> SendAsync(
        Uri address, ReadOnlyMemory<byte> data, string contentType, string? publisher, IReadOnlyList<BulkEntry>? entries, CancellationToken cancellation)
    {
        using var spans = entries is null
            ? DeliverySpans.Of(tracer, subscription.Topic, publisher)
            : DeliverySpans.Of(tracer, subscription.Topic, entries);
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ReadOnlyMemoryContent(data) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        if (app.Token is not null) request.Headers.TryAddWithoutValidation("dapr-api-token", app.Token);
        if (spans.TraceParent is { } trace) request.Headers.TryAddWithoutValidation("traceparent", trace);
        try
        {
            var response = await app.Http.SendAsync(request, cancellation);
            spans.Answered((int)response.StatusCode);
            return response;
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            spans.Fail(error.Message);
            throw;
        }
    }

    private Outcome FailureOf(HttpStatusCode status) =>
        policy.Retry?.HttpStatuses.Includes((int)status) ?? true ? Outcome.Failed : Outcome.Rejected;
}
