// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice The pool that is left.
contract OldPool {
    using SafeERC20 for IERC20;

    IERC20 public immutable ASSET;
    address public immutable NEXT;
    bool public frozen;
    bool public retired;
    uint256 public totalStaked;
    mapping(address account => uint256) private stake;

    error Frozen();
    error NotNext();

    modifier onlyNext() {
        if (msg.sender != NEXT) revert NotNext();
        _;
    }

    constructor(IERC20 asset, address next) {
        ASSET = asset;
        NEXT = next;
    }

    /// @notice Takes `amount` from the caller and records it for `account`.
    function stakeFor(address account, uint256 amount) external {
        if (frozen) revert Frozen();
        ASSET.safeTransferFrom(msg.sender, address(this), amount);
        stake[account] += amount;
        totalStaked += amount;
    }

    function withdraw(uint256 amount) external {
        if (frozen) revert Frozen();
        stake[msg.sender] -= amount;
        totalStaked -= amount;
        ASSET.safeTransfer(msg.sender, amount);
    }

    function setFrozen(bool to) external onlyNext {
        frozen = to;
    }

    /// @notice Gives everything away; from here on nobody has a stake here. It stays frozen.
    function retire() external onlyNext {
        retired = true;
        ASSET.safeTransfer(NEXT, totalStaked);
    }

    function stakeOf(address account) external view returns (uint256) {
        return retired ? 0 : stake[account];
    }
}

/// @notice The pool that takes over, in stages. The governor can take back all of them until the last.
contract NewPool {
    using SafeERC20 for IERC20;

    enum Phase {
        Open,
        Frozen,
        Done
    }

    address public immutable OPERATOR;
    address public immutable GOVERNOR;
    OldPool public immutable OLD;
    IERC20 public immutable ASSET;
    Phase public phase;
    /// @notice A rollback begins the next epoch, in which nothing is copied yet.
    uint256 public epoch;
    mapping(uint256 epoch => uint256) public copiedTotal;
    mapping(uint256 epoch => mapping(address account => bool)) public isCopied;
    mapping(uint256 epoch => mapping(address account => uint256)) private stake;

    error NotAllowed();
    error WrongPhase(Phase phase);
    error WrongTotal(uint256 found, uint256 expected);

    constructor(address operator, address governor, OldPool old, IERC20 asset) {
        (OPERATOR, GOVERNOR, OLD, ASSET) = (operator, governor, old, asset);
    }

    modifier stage(address actor, Phase expected) {
        if (msg.sender != actor) revert NotAllowed();
        if (phase != expected) revert WrongPhase(phase);
        _;
    }

    /// @notice Stage one: nothing changes in the old pool. Again does nothing.
    function freeze() external {
        if (msg.sender != OPERATOR) revert NotAllowed();
        if (phase == Phase.Frozen) return;
        if (phase == Phase.Done) revert WrongPhase(phase);
        phase = Phase.Frozen;
        OLD.setFrozen(true);
    }

    /// @notice Stage two, in batches: each account once in an epoch.
    function copy(address[] calldata accounts) external stage(OPERATOR, Phase.Frozen) {
        for (uint256 i = 0; i < accounts.length; i++) {
            address account = accounts[i];
            if (isCopied[epoch][account]) continue;
            isCopied[epoch][account] = true;
            stake[epoch][account] = OLD.stakeOf(account);
            copiedTotal[epoch] += stake[epoch][account];
        }
    }

    /// @notice Stage three: the copy is whole, the assets come over, and both pools change in one transaction.
    function finish() external stage(OPERATOR, Phase.Frozen) {
        uint256 total = OLD.totalStaked();
        if (copiedTotal[epoch] != total) revert WrongTotal(copiedTotal[epoch], total);
        phase = Phase.Done;
        uint256 before = ASSET.balanceOf(address(this));
        OLD.retire();
        uint256 received = ASSET.balanceOf(address(this)) - before;
        if (received != total) revert WrongTotal(received, total);
    }

    /// @notice Back to before stage one.
    function rollback() external stage(GOVERNOR, Phase.Frozen) {
        phase = Phase.Open;
        epoch++;
        OLD.setFrozen(false);
    }

    function withdraw(uint256 amount) external {
        if (phase != Phase.Done) revert WrongPhase(phase);
        stake[epoch][msg.sender] -= amount;
        ASSET.safeTransfer(msg.sender, amount);
    }

    function stakeOf(address account) external view returns (uint256) {
        return phase == Phase.Done ? stake[epoch][account] : 0;
    }
}
