using System.Text.Json;
using DaprShop.Conformance.Tests.Sidecars;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DaprShop.Conformance.Tests.Apps;

/// <summary>
/// Subscribes in every way. An event says in its data how it wants to be answered: <c>{"mark","status":500,"answer":"RETRY","times":2}</c>
/// answers so the first times it comes; without <c>times</c>, always.
/// </summary>
internal static class EventsApp
{
    private const string Subscriptions = """
        [
          {"pubsubname":"pubsub","topic":"plain","route":"/on/plain"},
          {"pubsubname":"pubsub","topic":"metadata","route":"/on/metadata","metadata":{"colour":"red"}},
          {"pubsubname":"pubsub","topic":"raw","route":"/on/raw","metadata":{"rawPayload":"true"}},
          {"pubsubname":"pubsub","topic":"mourned","route":"/on/mourned","deadLetterTopic":"graves"},
          {"pubsubname":"pubsub","topic":"graves","route":"/on/graves"},
          {"pubsubname":"pubsub","topic":"routed","routes":{"rules":[
             {"match":"event.type == \"a\"","path":"/on/routed-a"},
             {"match":"event.data.size > 5","path":"/on/routed-big"},
             {"match":"event.type == \"b\" && event.source == \"events\"","path":"/on/routed-b"}],"default":"/on/routed"}},
          {"pubsubname":"pubsub","topic":"kinds","routes":{"rules":[{"match":"event.data.kind == \"x\"","path":"/on/kinds-x"}],"default":"/on/kinds"}},
          {"pubsubname":"pubsub","topic":"sized","routes":{"rules":[
             {"match":"event.data.size > 5 || event.data.kind == \"x\"","path":"/on/sized-big"},
             {"match":"event.data.kind == null","path":"/on/sized-null"}],"default":"/on/sized"},"deadLetterTopic":"graves"},
          {"pubsubname":"pubsub","topic":"strict","routes":{"rules":[{"match":"event.type == \"a\"","path":"/on/strict-a"}]},"deadLetterTopic":"graves"},
          {"pubsubname":"pubsub","topic":"bulky","route":"/on/bulky","bulkSubscribe":{"enabled":true,"maxMessagesCount":10,"maxAwaitDurationMs":200}},
          {"topic":"nowhere","route":"/on/nothing"},
          {"pubsubname":"pubsub","topic":"coloned","route":"on:coloned"},
          {"pubsubname":"scoped","topic":"open","route":"/on/open"},
          {"pubsubname":"tight","topic":"refused","route":"/on/refused"},
          {"pubsubname":"nothing","topic":"x","route":"/on/nothing"}
        ]
        """;

    public static void Map(WebApplication app, TestApp log)
    {
        app.MapGet("/dapr/config", () => Results.NotFound());
        app.MapGet("/dapr/subscribe", () => Results.Text(Subscriptions, "application/json"));
        app.MapPost("/on/bulky", (HttpRequest request) => BulkAsync(request, log));
        app.MapPost("/on:coloned", (HttpRequest request) => OneAsync(request, log));
        app.MapPost("/on/{topic}", (HttpRequest request) => OneAsync(request, log));
        app.MapMethods("/tick", ["OPTIONS", "POST"], async (HttpContext http) => { await log.HearAsync(http.Request); });
        app.MapMethods("/cron/tock", ["OPTIONS", "POST"], async (HttpContext http) => { await log.HearAsync(http.Request); });
    }

    private static async Task<IResult> OneAsync(HttpRequest request, TestApp log)
    {
        var heard = await log.HearAsync(request);
        using var envelope = JsonDocument.Parse(heard.Body, new JsonDocumentOptions { MaxDepth = 1000 });
        if (!envelope.RootElement.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object) return Results.Ok();
        var times = data.TryGetProperty("times", out var limit) ? limit.GetInt32() : int.MaxValue;
        var mark = data.TryGetProperty("mark", out var text) ? text.GetString() : null;
        var seen = log.Log.Count(other => other.Path == heard.Path && mark is not null && other.Text.Contains(mark, StringComparison.Ordinal));
        if (seen > times) return Results.Ok();
        var status = data.TryGetProperty("status", out var code) ? code.GetInt32() : 200;
        var answer = data.TryGetProperty("answer", out var wish) ? wish.GetString()! : "";
        return Results.Text(answer.Length == 0 || answer.StartsWith('<') ? answer : $$"""{"status":"{{answer}}"}""", "application/json", null, status);
    }

    private static async Task<IResult> BulkAsync(HttpRequest request, TestApp log)
    {
        var heard = await log.HearAsync(request);
        using var envelope = JsonDocument.Parse(heard.Body);
        var statuses = envelope.RootElement.GetProperty("entries").EnumerateArray()
            .Select(entry => new { entryId = entry.GetProperty("entryId").GetString(), status = "SUCCESS" });
        return Results.Json(new { statuses });
    }
}
