using System.Collections.Concurrent;
using System.Text.Json;
using DaprShop.Conformance.Tests.Sidecars;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DaprShop.Conformance.Tests.Apps;

/// <summary>Hosts actors over plain HTTP; methods do what their name says.</summary>
internal static class ActorsApp
{
    private const string Configuration = """
        {"entities":["thing","brief","reentrant"],
         "actorIdleTimeout":"1h","drainOngoingCallTimeout":"5s","drainRebalancedActors":true,
         "reentrancy":{"enabled":false},
         "entitiesConfig":[
           {"entities":["brief"],"actorIdleTimeout":"1s"},
           {"entities":["reentrant"],"reentrancy":{"enabled":true,"maxStackDepth":4}}]}
        """;

    public static void Map(WebApplication app, TestApp log)
    {
        var running = new ConcurrentDictionary<string, int>();
        app.MapGet("/dapr/config", () => Results.Text(Configuration, "application/json"));
        app.MapGet("/dapr/subscribe", () => Results.NotFound());
        app.MapGet("/healthz", () => Results.Ok());
        app.MapDelete("/actors/{type}/{id}", async (HttpContext context) => { await log.HearAsync(context.Request); });
        app.MapPut("/actors/{type}/{id}/method/remind/{name}", (HttpRequest request) => AnswerAsync(request, log));
        app.MapPut("/actors/{type}/{id}/method/timer/{name}", (HttpRequest request) => AnswerAsync(request, log));
        app.MapPut("/actors/{type}/{id}/method/{method}", (HttpContext context, string type, string id, string method) =>
            InvokeAsync(context, log, running, $"{type}/{id}", method));
    }

    /// <summary>An app may end a reminder from within.</summary>
    private static async Task<IResult> AnswerAsync(HttpRequest request, TestApp log)
    {
        var heard = await log.HearAsync(request);
        if (heard.Path.EndsWith("-cancel", StringComparison.Ordinal)) request.HttpContext.Response.Headers["X-DaprReminderCancel"] = "true";
        return heard.Path.EndsWith("-fail", StringComparison.Ordinal) ? Results.StatusCode(500) : Results.Ok();
    }

    private static async Task<IResult> InvokeAsync(
        HttpContext context, TestApp log, ConcurrentDictionary<string, int> running, string actor, string method)
    {
        var heard = await log.HearAsync(context.Request);
        switch (method)
        {
            case "slow":
                var together = running.AddOrUpdate(actor, 1, (_, count) => count + 1);
                await Task.Delay(100);
                running.AddOrUpdate(actor, 0, (_, count) => count - 1);
                return Results.Text($"{together}");
            case "fail":
                return Results.Text("no", "text/plain", null, 500);
            case "refuse":
                return Results.Text("bad", "text/plain", null, 400);
            case "missing":
                return Results.NotFound();
            case "headers":
                context.Response.Headers["x-own"] = "mine";
                return Results.Text("ok");
            case "again":
                return await AgainAsync(context, log, actor);
            default:
                return Results.Text(
                    JsonSerializer.Serialize(new { method, body = heard.Text, headers = heard.Headers, target = heard.Target }), "application/json");
        }
    }

    /// <summary>Calls itself through the sidecar, in the same turn if the sidecar lets it.</summary>
    private static async Task<IResult> AgainAsync(HttpContext context, TestApp log, string actor)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(1) };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(log.Sidecar, $"/v1.0/actors/{actor}/method/echo"));
        if (context.Request.Headers.TryGetValue("Dapr-Reentrancy-Id", out var id)) request.Headers.Add("Dapr-Reentrancy-Id", id.ToString());
        using var answer = await http.SendAsync(request);
        return Results.Text($"{(int)answer.StatusCode}");
    }
}
