using System.Text.Json;
using DaprShop.Conformance.Tests.Sidecars;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DaprShop.Conformance.Tests.Apps;

/// <summary>Tells what it heard; the query says how: <c>?status=418</c>, <c>?header=x-a:b</c>, <c>?body=text</c>.</summary>
internal static class EchoApp
{
    public static void Map(WebApplication app, TestApp log)
    {
        app.MapGet("/dapr/config", () => Results.NotFound());
        app.MapGet("/dapr/subscribe", () => Results.NotFound());
        app.MapGet("/stream/{count:int}", StreamAsync);
        app.Map("/{**path}", (HttpContext http) => EchoAsync(http, log));
    }

    private static async Task EchoAsync(HttpContext http, TestApp log)
    {
        var heard = await log.HearAsync(http.Request);
        var query = http.Request.Query;
        if (query.TryGetValue("status", out var status)) http.Response.StatusCode = int.Parse(status!, null);
        foreach (var header in query["header"])
            if (header?.Split(':', 2) is [var name, var value]) http.Response.Headers.Append(name, value);
        if (http.Response.StatusCode is 204 or 304) return;
        if (query.TryGetValue("body", out var body))
        {
            http.Response.ContentType ??= "text/plain";
            await http.Response.WriteAsync(body!);
            return;
        }
        http.Response.ContentType ??= "application/json";
        await http.Response.WriteAsync(JsonSerializer.Serialize(new
        {
            method = heard.Method,
            target = heard.Target,
            headers = heard.Headers,
            body = heard.Text,
        }));
    }

    private static async Task StreamAsync(HttpContext http, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await http.Response.WriteAsync($"{i};");
            await http.Response.Body.FlushAsync();
        }
    }
}
