using System.Net;
using System.Text.Json.Nodes;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;

namespace DaprShop.Local.Faults;

/// <summary>The way from a sidecar to its app, where calls of other apps, messages and actor turns meet their faults.</summary>
/// <param name="appId">The app.</param>
/// <param name="plan">The faults.</param>
/// <param name="time">When late copies come.</param>
internal sealed class FaultyChannel(string appId, FaultPlan plan, TimeProvider time) : DelegatingHandler
{
    private const string Caller = "dapr-caller-app-id";
    private const string Actors = "/actors/";
    private const string Method = "/method/";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (CallOf(request) is not { } call || !plan.Concerns(call.On)) return await base.SendAsync(request, cancellationToken);
        var response = await plan.MeetAsync(call, FaultMoment.Before, cancellationToken) switch
        {
            null => await base.SendAsync(request, cancellationToken),
            { Do: FaultKind.Repeat } repeat => await RepeatAsync(request, repeat, cancellationToken),
            { Do: FaultKind.Shuffle } => await ShuffledAsync(request, cancellationToken),
            var fail => Failure(fail),
        };
        try
        {
            if (await plan.MeetAsync(call, FaultMoment.After, cancellationToken) is not { } fault) return response;
            response.Dispose();
            return Failure(fault);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Null for what a sidecar asks for its own sake: <c>/dapr/config</c>, an actor's deactivation.</summary>
    private SidecarCall? CallOf(HttpRequestMessage request)
    {
        var path = Uri.UnescapeDataString(request.RequestUri!.AbsolutePath);
        if (request.Headers.Contains(Caller)) return new SidecarCall(appId, FaultPoint.Invoke, $"{request.Method} {path}");
        if (path.StartsWith(Actors, StringComparison.Ordinal))
        {
            var method = path.IndexOf(Method, StringComparison.Ordinal);
            return method < 0
                ? null
                : new SidecarCall(appId, FaultPoint.Turn, $"{path[Actors.Length..method]}/{path[(method + Method.Length)..]}");
        }
        return request.Method == HttpMethod.Post ? new SidecarCall(appId, FaultPoint.Deliver, $"POST {path}") : null;
    }

    private static HttpResponseMessage Failure(Fault fault) =>
        new((HttpStatusCode)fault.Status) { Content = new StringContent("a fault was injected") };

    /// <summary>All copies at once, of which the last is answered; or the first now and the others later, whatever they answer.</summary>
    private async Task<HttpResponseMessage> RepeatAsync(HttpRequestMessage request, Fault repeat, CancellationToken cancellation)
    {
        var body = request.Content is null ? null : await request.Content.ReadAsByteArrayAsync(cancellation);
        if (repeat.For is { } later)
        {
            for (var copy = 1; copy < repeat.Copies; copy++) _ = LaterAsync(Copy(request, body), later);
            return await base.SendAsync(Copy(request, body), cancellation);
        }
        var responses = await Task.WhenAll(
            Enumerable.Range(0, repeat.Copies).Select(_ => base.SendAsync(Copy(request, body), cancellation)));
        foreach (var response in responses[..^1]) response.Dispose();
        return responses[^1];
    }

    private async Task LaterAsync(HttpRequestMessage copy, TimeSpan later)
    {
        await Pause.ForAsync(later, time);
        try
        {
            using (copy) (await base.SendAsync(copy, CancellationToken.None)).Dispose();
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Nobody waits for it.
        }
    }

    private async Task<HttpResponseMessage> ShuffledAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var body = await request.Content!.ReadAsByteArrayAsync(cancellation);
        return await base.SendAsync(Copy(request, Reversed(body)), cancellation);
    }

    /// <summary>A bulk envelope with its last message first; what is none stays as it is.</summary>
    private static byte[] Reversed(byte[] body)
    {
        if (JsonNode.Parse(body, documentOptions: DeepJson.Reading) is not JsonObject envelope || envelope["entries"] is not JsonArray entries) return body;
        var reversed = entries.Reverse().ToList();
        entries.Clear();
        foreach (var entry in reversed) entries.Add(entry);
        return System.Text.Encoding.UTF8.GetBytes(envelope.ToJsonString());
    }

    private static HttpRequestMessage Copy(HttpRequestMessage request, byte[]? body)
    {
        var copy = new HttpRequestMessage(request.Method, request.RequestUri)
        {
            Version = request.Version,
            VersionPolicy = request.VersionPolicy,
        };
        foreach (var (name, values) in request.Headers) copy.Headers.TryAddWithoutValidation(name, values);
        if (body is null) return copy;
        copy.Content = new ByteArrayContent(body);
        foreach (var (name, values) in request.Content!.Headers)
            if (name != "Content-Length") copy.Content.Headers.TryAddWithoutValidation(name, values);
        return copy;
    }
}
