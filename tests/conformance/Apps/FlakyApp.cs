using System.Collections.Concurrent;
using DaprShop.Conformance.Tests.Sidecars;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DaprShop.Conformance.Tests.Apps;

/// <summary>Fails as often as it is told: <c>/fail/{mark}?times=2&amp;status=503</c>; <c>/slow/{mark}</c> answers after three seconds.</summary>
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
        app.Map("/slow/{mark}", async (HttpContext http) =>
        {
            await log.HearAsync(http.Request);
            await Task.Delay(3000);
            return Results.Text("late");
        });
    }
}
