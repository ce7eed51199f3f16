namespace DaprShop.Inventory;

/// <summary>
/// Looks at every product when the service starts and every five minutes, so that <see cref="StockNews"/> knows what other lives and other
/// replicas changed and could not tell or free any more. That replaces any note of what is told: nothing is written for it, and so nothing
/// on an order's path waits for it or collides with another replica. It is right because an event is the latest state under an id of its
/// own: told twice is told once. A replica thus tells every product once in its life, and afterwards at most what others have told within
/// five minutes; 100,000 products are 500 bulk gets a round and 200 bulk publishes in the first.
/// </summary>
public sealed class StockRounds(StockStore stocks, TimeProvider time, ILogger<StockRounds> logger) : BackgroundService
{
    private static readonly TimeSpan s_period = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await stocks.SeeAllAsync(stoppingToken);
                await Task.Delay(s_period, time, stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                // At start the sidecar is often not there yet.
                logger.LogDebug(error, "Not every product could be looked at; trying again");
                await Task.Delay(s_retryAfter, stoppingToken);
            }
        }
    }
}
