using System.Collections.Concurrent;
using DaprShop.Conformance.Tests.Sidecars;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DaprShop.Conformance.Tests.Apps;

/// <summary>Fails as often as it is told: <c>/fail/{mark}?times=2&amp;status=503</c>; <c>/slow/{mark}</c> answers after three seconds.
/// What it hears of an item of configuration it takes at the third time.</summary>
internal static class FlakyApp
{
    public static void Map(WebApplication app, TestApp log)
    {
        var calls = new ConcurrentDictionary<string, int>();
        app.Map("/fail/{mark}", async (HttpContext http, string mark, int times, int status) =>
        {
            await log.HearAsync(http.Request);
            return calls.AddOrUpdate(mark, 1, (_, count) => count + 1) <= times ? Results.StatusCode(status) : Results.Text("ok");
        });
        app.MapPost("/configuration/config/{key}", async (HttpContext http, string key) =>
        {
            await log.HearAsync(http.Request);
            return Results.StatusCode(calls.AddOrUpdate(key, 1, (_, count) => count + 1) switch { 1 => 500, 2 => 204, _ => 200 });
        });
        app.Map("/slow/{mark}", async (HttpContext http) =>
        {
            await log.HearAsync(http.Request);
            await Task.Delay(3000);
            return Results.Text("late");
        });
    }
}
