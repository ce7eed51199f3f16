using System.Runtime.InteropServices;
using System.Text.Json;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using Grpc.Core;

namespace DaprShop.Local.Bindings;

/// <summary><c>/v1.0/bindings</c>: https://docs.dapr.io/reference/api/bindings_api/</summary>
internal static class BindingEndpoints
{
    private static readonly string[] s_verbs = ["POST", "PUT"];

    /// <summary>Headers of a call that become metadata of it.</summary>
    public static readonly string[] PassedOn = ["traceparent", "tracestate", "baggage"];

    public static void AddBindings(this IServiceCollection services) =>
        services.AddSingleton<BindingRequests>().AddSingleton<IAppObserver, CronBindings>();

    public static void MapBindings(this IEndpointRouteBuilder routes)
    {
        // Opens all bindings, so that what is wrong with one is told at the start.
        _ = routes.ServiceProvider.GetRequiredService<BindingRequests>();
        routes.MapMethods("/v1.0/bindings/{name}", s_verbs, InvokeAsync);
    }

    private static async Task InvokeAsync(HttpContext http, string name, BindingRequests bindings)
    {
        var call = await ReadAsync(http.Request);
        try
        {
            var answer = await bindings.InvokeAsync(http.GetSidecar(), name, call, http.RequestAborted);
            Describe(http.Response, answer);
            if (answer.Data is not { Length: > 0 } data)
            {
                http.Response.StatusCode = answer.Data is null ? StatusCodes.Status204NoContent : StatusCodes.Status200OK;
                return;
            }
            http.Response.ContentType = "application/json";
            await http.Response.Body.WriteAsync(data);
        }
        catch (BindingError failure)
        {
            Describe(http.Response, failure.Answer);
            await failure.Error.WriteAsync(http.Response);
        }
    }

    private static void Describe(HttpResponse response, BindingAnswer answer)
    {
        foreach (var (name, value) in answer.Metadata) response.Headers.Append("metadata." + name, value);
    }

    /// <summary><c>{"operation","data","metadata"}</c>; data goes on as the JSON it is.</summary>
    private static async Task<BindingCall> ReadAsync(HttpRequest request)
    {
        try
        {
            using var body = await JsonDocument.ParseAsync(request.Body, DeepJson.Reading, request.HttpContext.RequestAborted);
            var call = body.RootElement;
            var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
            if (call.TryGetProperty("metadata", out var own) && own.ValueKind != JsonValueKind.Null)
                foreach (var item in own.EnumerateObject()) metadata[item.Name] = item.Value.GetString() ?? "";
            foreach (var name in PassedOn)
                if (request.Headers.TryGetValue(name, out var value)) metadata[name] = value.ToString();
            return new BindingCall(
                call.TryGetProperty("operation", out var operation) ? operation.GetString() ?? "" : "",
                call.TryGetProperty("data", out var data) ? JsonMarshal.GetRawUtf8Value(data).ToArray() : "null"u8.ToArray(),
                metadata);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new DaprError(
                400, "ERR_MALFORMED_REQUEST", StatusCode.InvalidArgument, $"failed deserializing HTTP body: {error.Message}");
        }
    }
}
