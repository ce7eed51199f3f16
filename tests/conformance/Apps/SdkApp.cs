using Dapr.Actors;
using Dapr.Actors.Runtime;
using DaprShop.Conformance.Tests.Sidecars;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Conformance.Tests.Apps;

/// <summary>An app as the stock .NET SDK makes them: subscriptions, typed actors.</summary>
internal static class SdkApp
{
    public static void AddServices(IServiceCollection services) => services.AddActors(options => options.Actors.RegisterActor<CounterActor>());

    public static void Map(WebApplication app, TestApp log)
    {
        // The SDK's actors ask the sidecar whose ports are in their options.
        var options = app.Services.GetRequiredService<Microsoft.Extensions.Options.IOptions<ActorRuntimeOptions>>().Value;
        options.HttpEndpoint = log.Sidecar.ToString();
        app.UseCloudEvents();
        app.MapSubscribeHandler();
        app.MapActorsHandlers();
        app.MapPost("/sdk/{name}", async (HttpContext http) =>
        {
            await log.HearAsync(http.Request);
            return Results.Ok();
        });
        app.MapPost("/heard/note", async (HttpContext http) =>
        {
            await log.HearAsync(http.Request);
            return Results.Ok();
        }).WithTopic("pubsub", "sdk-notes");
        app.MapPost("/greet", (Greeting greeting) => new Greeting($"hello {greeting.Name}"));
    }
}

public sealed record Greeting(string Name);

public interface ICounterActor : IActor
{
    Task<int> AddAsync(int by);

    Task<int> GetAsync();

    Task RemindAsync(TimeSpan due, TimeSpan period);

    Task ForgetAsync();

    Task TimeAsync(TimeSpan due);

    Task<int> FailAsync();
}

/// <summary>Counts in state; reminders and timers count as well.</summary>
public sealed class CounterActor(ActorHost host) : Actor(host), ICounterActor, IRemindable
{
    public async Task<int> AddAsync(int by)
    {
        var sum = await GetAsync() + by;
        await StateManager.SetStateAsync("sum", sum);
        return sum;
    }

    public async Task<int> GetAsync() => (await StateManager.TryGetStateAsync<int>("sum")).Value;

    public async Task RemindAsync(TimeSpan due, TimeSpan period) => await RegisterReminderAsync("count", [7], due, period);

    public Task ForgetAsync() => UnregisterReminderAsync("count");

    public async Task TimeAsync(TimeSpan due) =>
        await RegisterTimerAsync("once", nameof(TimedAsync), [100], due, TimeSpan.FromMilliseconds(-1));

    public Task TimedAsync(byte[] state) => AddAsync(state[0]);

    public Task<int> FailAsync() => throw new InvalidOperationException("it failed");

    public Task ReceiveReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period) => AddAsync(state[0]);
}
