using System.Runtime.InteropServices;
using System.Text.Json;
using DaprShop.Local.Hosting;
using DaprShop.Local.State;

namespace DaprShop.Local.Actors;

/// <summary>
/// <c>/v1.0/actors</c>, as <c>pkg/api/http/actors.go</c> of daprd serves it. https://docs.dapr.io/reference/api/actors_api/
/// </summary>
internal static class ActorEndpoints
{
    private static readonly string[] s_invoke = ["GET", "POST", "PUT", "DELETE"];
    private static readonly string[] s_write = ["POST", "PUT"];

    public static void MapActors(this IEndpointRouteBuilder routes)
    {
        var actor = routes.MapGroup("/v1.0/actors/{type}/{id}");
        actor.MapMethods("method/{method}", s_invoke, InvokeAsync);
        actor.MapMethods("state", s_write, TransactAsync);
        actor.MapGet("state/{key}", GetStateAsync);
        actor.MapMethods("reminders/{name}", s_write, RegisterReminderAsync);
        actor.MapGet("reminders/{name}", GetReminderAsync);
        actor.MapDelete("reminders/{name}", UnregisterReminderAsync);
        actor.MapMethods("timers/{name}", s_write, RegisterTimerAsync);
        actor.MapDelete("timers/{name}", UnregisterTimer);
    }

    /// <summary>The body is kept, as daprd does: a call that waits for its turn must not hold a half-read request.</summary>
    private static async Task InvokeAsync(HttpContext http, string type, string id, string method, ActorCalls calls)
    {
        var request = http.Request;
        var body = await ReadBodyAsync(request);
        var query = request.QueryString.Value ?? "";
        var call = new ActorCall(new ActorRef(type, id), method, query, body, request.ContentType, request.Headers);
        var answer = await calls.InvokeAsync(http.GetSidecar(), call, http.RequestAborted);

        var response = http.Response;
        foreach (var (name, values) in answer.Headers) response.Headers[name] = values;
        response.ContentType = answer.ContentType;
        response.ContentLength = answer.Body.Length;
        await response.Body.WriteAsync(answer.Body);
    }

    private static async Task GetStateAsync(HttpContext http, string type, string id, string key, ActorState state)
    {
        var item = await state.GetAsync(http.GetSidecar(), new ActorRef(type, id), key, http.RequestAborted);
        if (item is not { Value.IsEmpty: false })
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }
        http.Response.ContentType = "application/json";
        if (item.ExpiresAt is { } expires) http.Response.Headers["metadata." + StateTime.Name] = StateTime.Format(expires);
        http.Response.ContentLength = item.Value.Length;
        await http.Response.Body.WriteAsync(item.Value);
    }

    private static async Task TransactAsync(HttpContext http, string type, string id, ActorState state)
    {
        var changes = await ReadChangesAsync(http.Request);
        await state.TransactAsync(http.GetSidecar(), new ActorRef(type, id), changes, http.RequestAborted);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task RegisterReminderAsync(HttpContext http, string type, string id, string name, Reminders reminders)
    {
        var body = await ScheduleBody.ReadAsync(http.Request);
        await reminders.RegisterAsync(
            http.GetSidecar(), new ActorRef(type, id), name, body, ScheduleBody.Raw(body.Data), http.RequestAborted);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task GetReminderAsync(HttpContext http, string type, string id, string name, Reminders reminders)
    {
        var registration = await reminders.GetAsync(http.GetSidecar(), new ActorRef(type, id), name, http.RequestAborted);
        http.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("actorID", id);
        json.WriteString("actorType", type);
        if (registration.Data is { } data)
        {
            json.WritePropertyName("data");
            json.WriteRawValue(data, skipInputValidation: true);
        }
        if (registration.DueTime is { } dueTime) json.WriteString("dueTime", dueTime);
        if (registration.PeriodText is { } period) json.WriteString("period", period);
        if (registration.TtlTime is { } ttl) json.WriteString("ttl", ttl);
        json.WriteEndObject();
    }

    private static async Task UnregisterReminderAsync(HttpContext http, string type, string id, string name, Reminders reminders)
    {
        await reminders.UnregisterAsync(http.GetSidecar(), new ActorRef(type, id), name, http.RequestAborted);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task RegisterTimerAsync(HttpContext http, string type, string id, string name, ActorTimers timers)
    {
        var body = await ScheduleBody.ReadAsync(http.Request);
        await timers.RegisterAsync(http.GetSidecar(), new ActorRef(type, id), name, body, ScheduleBody.Raw(body.Data), http.RequestAborted);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static void UnregisterTimer(HttpContext http, string type, string id, string name, ActorTimers timers)
    {
        timers.Unregister(http.GetSidecar(), new ActorRef(type, id), name);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(HttpRequest request)
    {
        if (request.ContentLength is 0 || (request.ContentLength is null && request.Headers.TransferEncoding.Count == 0)) return default;
        using var body = new MemoryStream((int)(request.ContentLength ?? 0));
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    /// <summary><c>[{"operation":"upsert","request":{"key","value","metadata"}},{"operation":"delete","request":{"key"}}]</c></summary>
    private static async Task<IReadOnlyList<StateChange>> ReadChangesAsync(HttpRequest request)
    {
        try
        {
            using var body = await JsonDocument.ParseAsync(request.Body, DeepJson.Reading, request.HttpContext.RequestAborted);
            return [.. body.RootElement.EnumerateArray().Select(ReadChange)];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw ActorErrors.Malformed(error.Message);
        }
    }

    private static StateChange ReadChange(JsonElement change)
    {
        var operation = change.TryGetProperty("operation", out var kind) ? kind.GetString() ?? "" : "";
        if (!change.TryGetProperty("request", out var request) || request.ValueKind == JsonValueKind.Null)
            return new StateChange(operation, null, default);
        var value = request.TryGetProperty("value", out var json) ? JsonMarshal.GetRawUtf8Value(json).ToArray() : "null"u8.ToArray();
        return new StateChange(
            operation,
            request.TryGetProperty("key", out var key) ? key.GetString() ?? "" : "",
            value,
            request.TryGetProperty("etag", out var etag) ? etag.GetString() : null,
            request.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object
                && metadata.TryGetProperty("ttlInSeconds", out _));
    }
}
