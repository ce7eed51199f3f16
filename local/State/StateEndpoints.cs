using System.Text.Json;
using DaprShop.Local.Hosting;
using Microsoft.AspNetCore.Http.Features;

namespace DaprShop.Local.State;

/// <summary><c>/v1.0/state</c>, as <c>pkg/api/http</c> of daprd serves it.</summary>
public static class StateEndpoints
{
    private const string TtlParameter = "metadata.ttlInSeconds";
    private static readonly string[] Save = ["POST", "PUT"];

    public static void AddState(this IServiceCollection services) => services.AddSingleton<StateStores>().AddSingleton<StateRequests>();

    public static void MapState(this IEndpointRouteBuilder routes)
    {
        // Opens all stores, so that what is wrong with one is told at the start.
        _ = routes.ServiceProvider.GetRequiredService<StateStores>();
        var state = routes.MapGroup("/v1.0/state/{store}");
        state.MapMethods("", Save, SaveAsync);
        state.MapMethods("bulk", Save, GetBulkAsync);
        state.MapMethods("transaction", Save, TransactAsync);
        state.MapGet("{key}", GetAsync);
        state.MapDelete("{key}", DeleteAsync);
        routes.MapMethods("/v1.0-alpha1/state/{store}/query", Save, Query);
    }

    private static async Task GetAsync(HttpContext http, string store, string key, StateRequests state)
    {
        var item = await state.GetAsync(http, store, Decoded(key, http));
        if (item is null)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        var headers = http.Response.Headers;
        headers.ContentType = "application/json";
        headers.ETag = item.ETag;
        if (item.ExpiresAt is { } expires) headers["metadata.ttlExpireTime"] = StateTime.Format(expires);
        headers.ContentLength = item.Value.Length;
        await http.Response.Body.WriteAsync(item.Value);
    }

    private static async Task GetBulkAsync(HttpContext http, string store, StateRequests state, StateStores stores)
    {
        _ = stores.Of(http.GetSidecar(), store);
        var keys = await StateBody.ReadKeysAsync(http.Request);
        var items = await state.GetAsync(http, store, keys);
        http.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter);
        json.WriteStartArray();
        for (var i = 0; i < keys.Count; i++) WriteItem(json, keys[i], items[i]);
        json.WriteEndArray();
    }

    private static void WriteItem(Utf8JsonWriter json, string key, StateItem? item)
    {
        json.WriteStartObject();
        json.WriteString("key", key);
        if (item is not null)
        {
            json.WritePropertyName("data");
            WriteValue(json, item.Value.Span);
            json.WriteString("etag", item.ETag);
            if (item.ExpiresAt is { } expires)
            {
                json.WriteStartObject("metadata");
                json.WriteString(StateTime.Name, StateTime.Format(expires));
                json.WriteEndObject();
            }
        }

        json.WriteEndObject();
    }

    /// <summary>What was saved over gRPC need not be JSON; it goes out as base64, as byte arrays do in JSON.</summary>
    private static void WriteValue(Utf8JsonWriter json, ReadOnlySpan<byte> value)
    {
        if (DeepJson.IsJson(value)) json.WriteRawValue(value, skipInputValidation: true);
        else json.WriteBase64StringValue(value);
    }

    private static async Task SaveAsync(HttpContext http, string store, StateRequests state, StateStores stores)
    {
        _ = stores.Of(http.GetSidecar(), store);
        var requests = await StateBody.ReadSaveAsync(http.Request, Ttl(http));
        await state.SaveAsync(http, store, requests);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task DeleteAsync(HttpContext http, string store, string key, StateRequests state)
    {
        var query = http.Request.Query;
        var request = new StateRequest(
            Decoded(key, http), null, http.Request.Headers.IfMatch, query["concurrency"], query["consistency"], Ttl(http));
        await state.DeleteAsync(http, store, request);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task TransactAsync(HttpContext http, string store, StateRequests state, StateStores stores)
    {
        _ = stores.Of(http.GetSidecar(), store);
        var requests = await StateBody.ReadTransactionAsync(http.Request, Ttl(http));
        await state.TransactAsync(http, store, requests);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static void Query(HttpContext http, string store, StateRequests state) => state.Query(http, store);

    /// <summary>
    /// Routing leaves <c>%2F</c> as it came, for a slash would be another segment; in a key it is a slash. A plus sign is a blank, as
    /// daprd has it.
    /// </summary>
    private static string Decoded(string key, HttpContext http)
    {
        if (!key.Contains("%2F", StringComparison.OrdinalIgnoreCase) && !key.Contains('+')) return key;
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var path = target.IndexOf('?') is >= 0 and var query ? target[..query] : target;
        return Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..].Replace('+', ' '));
    }

    private static string? Ttl(HttpContext http) => http.Request.Query.TryGetValue(TtlParameter, out var ttl) ? ttl[0] : null;
}
