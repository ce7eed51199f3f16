using System.Net;
using System.Text;
using DaprShop.Local.Actors;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Local.Tests.Actors;

/// <summary>What apps answer to <c>GET /dapr/config</c>, and how long they take for it.</summary>
public sealed class ActorTypesTests
{
    [Theory]
    [InlineData("""{"entities":["Thing"]}""", "Thing")]
    [InlineData("""{"entities":["Thing","Thing","Other"]}""", "Other,Thing")]
    [InlineData("""{"entities":["Thing",null]}""", "Thing")]
    [InlineData("""{"entities":["Thing"],"entitiesConfig":[null,{"entities":null},{"entities":[null,"Thing","Other"]}]}""", "Thing")]
    [InlineData("""{"entities":[]}""", "")]
    [InlineData("""{"entities":null}""", "")]
    [InlineData("{}", "")]
    [InlineData("null", "")]
    [InlineData("", "")]
    public void The_types_that_an_app_names(string config, string types) =>
        Assert.Equal(types, string.Join(',', ActorTypes.Parse(Encoding.UTF8.GetBytes(config)).Keys.Order(StringComparer.Ordinal)));

    [Fact]
    public void A_type_of_its_own_settings_does_not_take_those_of_all()
    {
        var types = ActorTypes.Parse("""
            {"entities":["Thing","Other"],"actorIdleTimeout":"1m","entitiesConfig":[{"entities":["Thing"],"actorIdleTimeout":"2m"}]}
            """u8);
        Assert.Equal(TimeSpan.FromMinutes(2), types["Thing"].IdleTimeout);
        Assert.Equal(TimeSpan.FromMinutes(1), types["Other"].IdleTimeout);
    }

    [Fact]
    public async Task An_app_that_takes_long_to_say_what_it_hosts_hosts_it_all_the_same()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.Parse("2030-01-01T00:00:00Z"));
        var asked = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        var starting = ShopHost.StartAsync(shop => shop
            .Resources(CounterApp.Components)
            .Runtime(services => services.AddSingleton<TimeProvider>(clock))
            .Fake("things", app => app.MapGet("/dapr/config", async () =>
            {
                asked.SetResult();
                await answer.Task;
                return Results.Text("""{"entities":["Thing"]}""", "application/json");
            })));
        await asked.Task;
        clock.Advance(TimeSpan.FromHours(1));
        answer.SetResult();
        await using var shop = await starting;
        Assert.Equal(HttpStatusCode.NoContent, await RemindAsync(shop));
    }

    [Fact]
    public async Task An_app_that_does_not_say_what_it_hosts_hosts_nothing()
    {
        await using var shop = await ShopHost.StartAsync(shop => shop
            .Resources(CounterApp.Components)
            .Fake("things", app => app.MapGet("/dapr/config", () => Results.Text("I host actors.", "text/plain"))));
        Assert.Equal(HttpStatusCode.Forbidden, await RemindAsync(shop));
    }

    private static async Task<HttpStatusCode> RemindAsync(ShopHost shop)
    {
        using var schedule = new StringContent("""{"dueTime":"1h"}""", Encoding.UTF8, "application/json");
        using var response = await shop.DaprHttp("things")
            .PostAsync("v1.0/actors/Thing/1/reminders/tea", schedule, TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromMinutes(1));
        return response.StatusCode;
    }
}
